// Entropy of a source from how often each symbol was seen, in nats: eleven estimators.
//
// A table says which positive counts occur and how many symbols have each: few numbers, however large the alphabet.
// Counts are whole numbers except for mle and dirichlet, which take sums of weights, too.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

namespace hartley {

enum class EntropyEstimator {
  kMle,           // plug-in
  kMillerMadow,   // plus (symbols seen - 1) / (2 N) (Miller 1955)
  kGrassberger,   // log N - mean of G(count) (Grassberger 2003, eqs. 30, 35)
  kZhang,         // mean of ψ(N) - ψ(count): Zhang's (2012, eq. 4) double sum in closed form (Schürmann 2015)
  kJackknife,     // Zahl 1977
  kChaoShen,      // Horvitz-Thompson sum over coverage-adjusted probabilities (Chao & Shen 2003, eq. 7)
  kChaoWangJost,  // slope of the species accumulation curve (Chao, Wang & Jost 2013, eq. 7)
  kBonachela,     // Bonachela, Hinrichsen & Muñoz 2008, eq. 21
  kShrinkage,     // James-Stein towards uniform (Hausser & Strimmer 2009, eqs. 4-6)
  kDirichlet,     // plug-in of the posterior mean (c + α) / (N + K α)
  kNsb,           // Nemenman, Shafee & Bialek 2002
};

// The estimator called "mle", "miller_madow", …; std::invalid_argument for another name.
EntropyEstimator estimator_named(std::string_view name);

// The α of kDirichlet: a number, or one that depends on the sample.
struct Pseudocount {
  enum class Rule { kNumber, kPerks /* 1 / K */, kMinimax /* √N / K */ };
  Rule rule = Rule::kNumber;
  double number = 0.5;

  double of(double n, double n_symbols) const;
};

struct CountTable {
  std::span<const double> counts;        // positive
  std::span<const double> multiplicity;  // symbols with that count
  double n_symbols;                      // size of the alphabet, at least the number of symbols seen
};

struct EntropyEstimate {
  double value = 0.0;      // nats; 0 for an empty table
  double deviation = 0.0;  // posterior standard deviation of kNsb, 0 for the others
};

// O(distinct counts); kNsb about 500 times as much. Sums are compensated: relative error of a few eps of the largest
// term, 1e-10 for kNsb.
EntropyEstimate estimate_entropy(const CountTable& table, EntropyEstimator estimator, Pseudocount alpha);

// The posterior mean under a mixture of Dirichlet priors (count_estimators_nsb.cpp).
EntropyEstimate nsb_entropy(const CountTable& table);

// The same from the counts of all symbols, zeros allowed; `scratch` is reused between calls.
struct CountScratch {
  std::vector<double> counts, multiplicity;
};
double estimate_entropy(std::span<const std::int64_t> counts, double n_symbols, EntropyEstimator estimator,
                        Pseudocount alpha, CountScratch& scratch);

}  // namespace hartley
