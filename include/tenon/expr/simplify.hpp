#pragma once

#include <tenon/expr/graph.hpp>

/// Algebra on graphs. Products are kept as factors with whole powers and sums as terms with
/// coefficients, so that 0, 1, equal terms and common factors vanish wherever they appear, and a
/// product that contains the formula's own result is rewritten with the saved output.
namespace tenon::expr {

/// Builds simplified vertices. `root`, when set, is the formula whose value backward has at hand:
/// wherever it occurs it becomes the `output` leaf.
class Algebra {
public:
  constexpr explicit Algebra(FormulaGraph& graph, int root = -1) : g(graph), root_(root) {
    if (root_ >= 0) {
      const Vertex& r = g[root_];
      output_ = g.leaf(Op::output, r.rank);
      if (r.op == Op::multiply || r.op == Op::divide) {
        collect_factors(root_, 1, root_factors_);
        has_root_factors_ = root_factors_.count > 1 && root_factors_.coefficient == 1;
      }
    }
  }

  constexpr int number(double value) { return g.number(value); }
  constexpr int multiply(int a, int b) {
    Factors f;
    collect_factors(use(a), 1, f);
    collect_factors(use(b), 1, f);
    return product(f);
  }
  constexpr int divide(int a, int b) {
    Factors f;
    collect_factors(use(a), 1, f);
    collect_factors(use(b), -1, f);
    return product(f);
  }
  constexpr int add(int a, int b) { return sum_of(use(a), 1, use(b), 1); }
  constexpr int subtract(int a, int b) { return sum_of(use(a), 1, use(b), -1); }
  constexpr int negate(int a) { return subtract(number(0), a); }

  constexpr int select(int condition, int a, int b) {
    a = use(a);
    b = use(b);
    if (a == b) return a;
    return g.raw(Op::select, condition, a, b);
  }
  constexpr int unary(Op op, int a) {
    a = use(a);
    return g.raw(op, a);
  }
  constexpr int binary(Op op, int a, int b) { return g.raw(op, use(a), use(b)); }

  /// Sum of a over the features of a sample.
  constexpr int row_sum(int a) {
    a = use(a);
    if (!varies_by_feature(g[a].rank)) return multiply(a, g.leaf(Op::features, Rank::scalar));
    Factors f;
    collect_factors(a, 1, f);
    const int outside = take_constant(f, Rank::feature);
    return multiply(outside, g.raw(Op::row_sum, product(f)));
  }
  /// Sum of a over the batch.
  constexpr int batch_sum(int a) {
    a = use(a);
    if (!varies_by_sample(g[a].rank)) return multiply(a, g.leaf(Op::rows, Rank::scalar));
    // a gate hides factors too: the sum of select(c, w * dy, 0) is w times the sum of select(c, dy, 0)
    const bool keeps_first = is_gate(a, true);
    const bool gated = keeps_first || is_gate(a, false);
    Factors f;
    collect_factors(gated ? (keeps_first ? g[a].b : g[a].c) : a, 1, f);
    const int outside = take_constant(f, Rank::row);
    int inside = product(f);
    if (gated) inside = keeps_first ? select(g[a].a, inside, number(0)) : select(g[a].a, number(0), inside);
    return multiply(outside, g.raw(Op::batch_sum, inside));
  }

  /// The vertex itself; of the formula whose value is saved, that value.
  constexpr int use(int id) const { return id == root_ ? output_ : id; }

private:
  /// Products and sums of more than that are not taken apart any further.
  static constexpr int most = 24;
  /// coefficient base[0]^power[0] base[1]^power[1] ...
  struct Factors {
    int base[most]{};
    int power[most]{};
    int count = 0;
    double coefficient = 1;

    constexpr void add(int id, int exponent) {
      for (int i = 0; i < count; ++i)
        if (base[i] == id) {
          power[i] += exponent;
          if (power[i] == 0) remove(i);
          return;
        }
      base[count] = id;
      power[count++] = exponent;
    }
    constexpr void remove(int i) {
      --count;
      for (; i < count; ++i) {
        base[i] = base[i + 1];
        power[i] = power[i + 1];
      }
    }
    constexpr int power_of(int id) const {
      for (int i = 0; i < count; ++i)
        if (base[i] == id) return power[i];
      return 0;
    }
  };
  /// constant + coefficient[0] base[0] + coefficient[1] base[1] + ...
  struct Terms {
    int base[most]{};
    double coefficient[most]{};
    int count = 0;
    double constant = 0;

    constexpr void add(int id, double factor) {
      for (int i = 0; i < count; ++i)
        if (base[i] == id) {
          coefficient[i] += factor;
          return;
        }
      base[count] = id;
      coefficient[count++] = factor;
    }
  };

  /// Multiplies f by id^exponent, which is taken apart at products, quotients, signs and numbers.
  constexpr void collect_factors(int id, int exponent, Factors& f) const {
    const Vertex& v = g[id];
    if (f.count + 2 > most) {
      f.add(id, exponent);
    } else if (v.op == Op::number) {
      for (int i = 0; i < (exponent < 0 ? -exponent : exponent); ++i)
        f.coefficient = exponent < 0 ? f.coefficient / v.value : f.coefficient * v.value;
    } else if (v.op == Op::multiply && id != output_) {
      collect_factors(v.a, exponent, f);
      collect_factors(v.b, exponent, f);
    } else if (v.op == Op::divide) {
      collect_factors(v.a, exponent, f);
      collect_factors(v.b, -exponent, f);
    } else if (v.op == Op::reciprocal) {
      collect_factors(v.a, -exponent, f);
    } else if (v.op == Op::negate) {
      collect_factors(v.a, exponent, f);
      if (exponent % 2 != 0) f.coefficient = -f.coefficient;
    } else {
      f.add(id, exponent);
    }
  }

  /// Takes the factors that do not vary along `axis`, and the coefficient, out of f; returns their product.
  constexpr int take_constant(Factors& f, Rank axis) {
    Factors taken;
    taken.coefficient = f.coefficient;
    f.coefficient = 1;
    for (int i = 0; i < f.count;)
      if (join(g[f.base[i]].rank, axis) != g[f.base[i]].rank) {
        taken.add(f.base[i], f.power[i]);
        f.remove(i);
      } else {
        ++i;
      }
    return product(taken);
  }

  /// If all factors of the formula whose value is saved are among these, that value takes their place.
  constexpr void replace_root(Factors& f) const {
    if (!has_root_factors_) return;
    for (int i = 0; i < root_factors_.count; ++i) {
      const int wanted = root_factors_.power[i];
      const int present = f.power_of(root_factors_.base[i]);
      if (wanted > 0 ? present < wanted : present > wanted) return;
    }
    for (int i = 0; i < root_factors_.count; ++i) f.add(root_factors_.base[i], -root_factors_.power[i]);
    f.add(output_, 1);
  }

  /// Whether a vertex is select(c, a, 0), or, where `then_branch` is false, select(c, 0, a).
  constexpr bool is_gate(int id, bool then_branch) const {
    return g[id].op == Op::select && g.is(then_branch ? g[id].c : g[id].b, 0);
  }

  constexpr int power_of(int base, int exponent) {
    int result = base;
    for (int i = 1; i < exponent; ++i) result = g.raw(Op::multiply, result, base);
    return result;
  }

  /// The product as vertices: constants and per-sample factors first, so that loops hoist them.
  constexpr int product(Factors& f) {
    if (f.coefficient == 0) return number(0);
    replace_root(f);
    // dy * select(c, s, 0) is select(c, dy * s, 0): one blend, and 0 * infinity cannot appear
    for (int i = 0; i < f.count; ++i) {
      const int gate = f.base[i];
      const bool keeps_first = is_gate(gate, true);
      if (f.power[i] != 1 || (!keeps_first && !is_gate(gate, false))) continue;
      if (f.count == 1 && f.coefficient == 1) return gate;
      f.remove(i);
      const int kept = keeps_first ? g[gate].b : g[gate].c;
      collect_factors(kept, 1, f);
      const int inside = product(f);
      return keeps_first ? select(g[gate].a, inside, number(0)) : select(g[gate].a, number(0), inside);
    }
    for (int i = 1; i < f.count; ++i)
      for (int j = i; j > 0 && before(f.base[j], f.base[j - 1]); --j) {
        swap(f.base[j], f.base[j - 1]);
        swap(f.power[j], f.power[j - 1]);
      }
    int numerator = f.coefficient == 1 || f.coefficient == -1 ? -1 : number(f.coefficient);
    int element_denominator = -1;
    for (int i = 0; i < f.count; ++i) {
      int factor = power_of(f.base[i], f.power[i] < 0 ? -f.power[i] : f.power[i]);
      if (f.power[i] < 0) {
        if (varies_by_feature(g[f.base[i]].rank)) {
          element_denominator = element_denominator < 0 ? factor : g.raw(Op::multiply, element_denominator, factor);
          continue;
        }
        factor = power_of(g.raw(Op::reciprocal, f.base[i]), -f.power[i]);
      }
      numerator = numerator < 0 ? factor : g.raw(Op::multiply, numerator, factor);
    }
    if (element_denominator >= 0)
      numerator = numerator < 0 ? g.raw(Op::reciprocal, element_denominator)
                                : g.raw(Op::divide, numerator, element_denominator);
    if (numerator < 0) return number(f.coefficient);
    return f.coefficient == -1 ? g.raw(Op::negate, numerator) : numerator;
  }

  /// The order of factors and of terms: what varies least comes first.
  constexpr bool before(int a, int b) const {
    const auto rank = [this](int id) { return static_cast<int>(g[id].rank); };
    return rank(a) != rank(b) ? rank(a) < rank(b) : a < b;
  }
  static constexpr void swap(int& a, int& b) {
    const int t = a;
    a = b;
    b = t;
  }

  /// Adds coefficient times id to t, taken apart at sums, signs and numbers.
  constexpr void collect_terms(int id, double coefficient, Terms& t) {
    const Vertex v = g[id];
    if (t.count + 2 > most) {
      t.add(id, coefficient);
    } else if (v.op == Op::number) {
      t.constant += coefficient * v.value;
    } else if (v.op == Op::negate) {
      collect_terms(v.a, -coefficient, t);
    } else if (v.op == Op::add || v.op == Op::subtract) {
      collect_terms(v.a, coefficient, t);
      collect_terms(v.b, v.op == Op::add ? coefficient : -coefficient, t);
    } else {
      Factors f;
      collect_factors(id, 1, f);
      const double own = f.coefficient;
      f.coefficient = 1;
      t.add(own == 1 ? id : product(f), coefficient * own);
    }
  }

  constexpr int sum_of(int a, double factor_a, int b, double factor_b) {
    Terms t;
    collect_terms(a, factor_a, t);
    collect_terms(b, factor_b, t);
    merge_selects(t);
    return sum(t);
  }

  /// s*select(c, a, b) + t*select(c, d, e) = select(c, s*a + t*d, s*b + t*e)
  constexpr void merge_selects(Terms& t) {
    for (int i = 0; i < t.count; ++i)
      for (int j = i + 1; j < t.count; ++j) {
        const Vertex p = g[t.base[i]];
        const Vertex q = g[t.base[j]];
        if (p.op != Op::select || q.op != Op::select || p.a != q.a) continue;
        if (t.coefficient[i] == 0 || t.coefficient[j] == 0) continue;
        const int first = sum_of(p.b, t.coefficient[i], q.b, t.coefficient[j]);
        const int second = sum_of(p.c, t.coefficient[i], q.c, t.coefficient[j]);
        t.coefficient[i] = 0;
        t.coefficient[j] = 0;
        collect_terms(pull_out(select(p.a, first, second)), 1, t);
        return merge_selects(t);
      }
  }

  /// select(c, f*a, f*b) = f * select(c, a, b) where a or b is a plain number
  constexpr int pull_out(int id) {
    const Vertex v = g[id];
    if (v.op != Op::select || g.is_number(v.b) || g.is_number(v.c)) return id;
    Factors p, q, common;
    collect_factors(v.b, 1, p);
    collect_factors(v.c, 1, q);
    for (int i = 0; i < p.count; ++i)
      if (p.power[i] > 0 && q.power_of(p.base[i]) > 0) common.add(p.base[i], 1);
    if (common.count == 0) return id;
    for (int i = 0; i < common.count; ++i) {
      p.add(common.base[i], -1);
      q.add(common.base[i], -1);
    }
    if (p.count != 0 && q.count != 0) return id;
    const int chosen = select(v.a, product(p), product(q));
    collect_factors(chosen, 1, common);
    return product(common);
  }

  /// The sum as vertices, without the factors that all terms share: a b + a c is a (b + c).
  constexpr int sum(Terms& t) {
    Factors common;
    int terms = 0;
    for (int i = 0; i < t.count; ++i) {
      if (t.coefficient[i] == 0) continue;
      Factors f;
      collect_factors(t.base[i], 1, f);
      if (terms++ == 0) {
        common = f;
        continue;
      }
      for (int k = 0; k < common.count;) {
        const int other = f.power_of(common.base[k]);
        const int mine = common.power[k];
        const int shared = mine > 0 && other > 0   ? (mine < other ? mine : other)
                           : mine < 0 && other < 0 ? (mine > other ? mine : other)
                                                   : 0;
        if (shared == 0) {
          common.remove(k);
        } else {
          common.power[k++] = shared;
        }
      }
    }
    if (terms == 0) return number(t.constant);
    if (terms == 1 || t.constant != 0 || common.count == 0) return chain(t);
    common.coefficient = 1;
    Terms rest;
    for (int i = 0; i < t.count; ++i) {
      if (t.coefficient[i] == 0) continue;
      Factors f;
      collect_factors(t.base[i], 1, f);
      for (int k = 0; k < common.count; ++k) f.add(common.base[k], -common.power[k]);
      f.coefficient = 1;
      collect_terms(product(f), t.coefficient[i], rest);
    }
    collect_factors(sum(rest), 1, common);
    return product(common);
  }

  /// The terms as vertices: what varies least first, and a positive one in front where there is one.
  constexpr int chain(Terms& t) {
    int order[most]{};
    int count = 0;
    for (int i = 0; i < t.count; ++i)
      if (t.coefficient[i] != 0) order[count++] = i;
    for (int i = 1; i < count; ++i)
      for (int j = i; j > 0 && term_before(t, order[j], order[j - 1]); --j) swap(order[j], order[j - 1]);
    int result = t.constant != 0 ? number(t.constant) : -1;
    if (result < 0)
      for (int i = 0; i < count; ++i)
        if (t.coefficient[order[i]] > 0) {
          const int first = order[i];
          for (int j = i; j > 0; --j) order[j] = order[j - 1];
          order[0] = first;
          break;
        }
    for (int i = 0; i < count; ++i) {
      const double coefficient = t.coefficient[order[i]];
      const double size = coefficient < 0 ? -coefficient : coefficient;
      Factors f;
      collect_factors(t.base[order[i]], 1, f);
      f.coefficient = result < 0 ? coefficient : size;
      const int term = product(f);
      result = result < 0 ? term : g.raw(coefficient < 0 ? Op::subtract : Op::add, result, term);
    }
    return result < 0 ? number(0) : result;
  }
  constexpr bool term_before(const Terms& t, int a, int b) const { return before(t.base[a], t.base[b]); }

  FormulaGraph& g;
  int root_ = -1;
  int output_ = -1;
  Factors root_factors_{};
  bool has_root_factors_ = false;
};

/// The simplified form of a vertex. Formulas that are the same but for the order of terms and
/// factors, neutral elements and common factors become one vertex of the graph.
constexpr int simplify(FormulaGraph& g, int id) {
  Algebra algebra(g);
  int form[FormulaGraph::capacity]{};
  bool needed[FormulaGraph::capacity]{};
  needed[id] = true;
  for (int i = id; i >= 0; --i)
    for (const int argument : {int{g[i].a}, int{g[i].b}, int{g[i].c}})
      if (needed[i] && argument >= 0) needed[argument] = true;
  for (int i = 0; i <= id; ++i) {
    if (!needed[i]) continue;
    const Vertex v = g[i];
    const int a = v.a < 0 ? -1 : form[v.a];
    const int b = v.b < 0 ? -1 : form[v.b];
    switch (v.op) {
    case Op::add:
      form[i] = algebra.add(a, b);
      break;
    case Op::subtract:
      form[i] = algebra.subtract(a, b);
      break;
    case Op::multiply:
      form[i] = algebra.multiply(a, b);
      break;
    case Op::divide:
      form[i] = algebra.divide(a, b);
      break;
    case Op::negate:
      form[i] = algebra.negate(a);
      break;
    case Op::reciprocal:
      form[i] = algebra.divide(g.number(1), a);
      break;
    case Op::row_sum:
      form[i] = algebra.row_sum(a);
      break;
    case Op::batch_sum:
      form[i] = algebra.batch_sum(a);
      break;
    case Op::select:
      form[i] = algebra.select(a, b, form[v.c]);
      break;
    default:
      form[i] = a < 0 ? i : g.raw(v.op, a, b);
    }
  }
  return form[id];
}

}  // namespace tenon::expr
