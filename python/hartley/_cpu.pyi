version: str
built_levels: str
compiler: str
eigen: str
openmp: int

def supported_levels() -> list[str]: ...
