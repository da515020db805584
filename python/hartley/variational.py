"""Variational bounds of mutual information, from a critic's scores or from conditional log densities.

Score matrices hold T(x_i, y_j) in row i and column j: the diagonal are the joint pairs, all others stand for the
product of the marginals. Leading axes are a batch. Every bound takes ``base``, ``return_grad`` and ``return_std`` and
returns its value, or the tuple (value, gradient, standard error) of what is asked for, all in units of ``base``.
Scores are natural logarithms; they come in any float type, sums are in float64, gradients in the scores' type.

============================  =====================  ===================================  ========================
bound                         direction              bias of the estimate from n pairs    ceiling
============================  =====================  ===================================  ========================
donsker_varadhan              lower, for large n     upward, of order Var(mean exp T)     none (*)
nwj, tuba                     lower                  none; variance like exp(I) / n       none (*)
infonce                       lower                  none; loose as I nears log n         log n
interpolated                  lower                  none                                 log((n - 1) / alpha) (*)
smile                         neither                that of clipping, of either sign     none (*)
jensen_shannon_bound          lower, of JS           none                                 log 2
barber_agakov                 lower                  none                                 H(c), if discrete
information_bottleneck_bound  lower                  none                                 H(Y), if discrete
club                          upper, for q = p(y|x)  -1/n of itself; none with "others"   none
leave_one_out_bound           upper, for q = p(y|x)  none; loose for n below exp(I)       none
============================  =====================  ===================================  ========================

(*) No lower bound from n samples holds with confidence much above log n: from there on a SaturationWarning is given.
"""

from __future__ import annotations

from ._conditional_bounds import BottleneckBound, barber_agakov, information_bottleneck_bound
from ._contrastive import infonce, leave_one_out_bound
from ._donsker_varadhan import donsker_varadhan, smile
from ._interpolated import interpolated
from ._pair_means import club, jensen_shannon_bound
from ._tuba_bounds import nwj, tuba

__all__ = [
    "BottleneckBound",
    "barber_agakov",
    "club",
    "donsker_varadhan",
    "infonce",
    "information_bottleneck_bound",
    "interpolated",
    "jensen_shannon_bound",
    "leave_one_out_bound",
    "nwj",
    "smile",
    "tuba",
]
