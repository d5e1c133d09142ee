package dev.strata.udfs.text;

import dev.strata.udfs.text.Regex.Assertion;
import dev.strata.udfs.text.Regex.Atomic;
import dev.strata.udfs.text.Regex.Chain;
import dev.strata.udfs.text.Regex.Characters;
import dev.strata.udfs.text.Regex.Choice;
import dev.strata.udfs.text.Regex.Repeat;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * The ways in which an expression can match: its positions, one for each set of characters that is
 * written in it, and which may follow which (Glushkov's construction), counted up to two, since two
 * ways from a character to the next are a choice that backtracking tries twice. Conditions on the
 * place hold here always; atomic parts are read as ordinary ones.
 */
final class RegexAutomaton {

  /** Repeats up to this often are written out, longer ones are taken for unbounded ones. */
  private static final int MAX_COPIES = 8;

  private static final int MAX_POSITIONS = 4_000;
  private static final int MAX_STEPS = 400_000;

  private final List<BitSet> sets = new ArrayList<>();
  private final IdentityHashMap<Characters, Integer> written = new IdentityHashMap<>();
  private final List<Integer> places = new ArrayList<>();
  private final List<String> repeats = new ArrayList<>();
  private final List<Map<Integer, Integer>> following = new ArrayList<>();
  private final List<Regex> inner = new ArrayList<>();
  private final Set<Integer> accepting;
  private final Map<Integer, Integer> first;
  private final boolean matchesEmpty;
  private String outermost;
  private String empty;
  private int steps;

  /**
   * A part of the expression.
   *
   * @param empties the ways to match nothing, counted up to two
   * @param surelyEmpty whether one of them asks for no condition
   * @param first the positions it may start with, each with its ways
   * @param last the positions it may end with, each with its ways
   * @param accepting those of {@code last} behind which no condition is left
   */
  private record Part(
      int empties,
      boolean surelyEmpty,
      Map<Integer, Integer> first,
      Map<Integer, Integer> last,
      Set<Integer> accepting) {

    static final Part EMPTY = new Part(1, true, Map.of(), Map.of(), Set.of());
  }

  /**
   * @throws IllegalArgumentException if the expression is too large to be judged
   */
  RegexAutomaton(Regex regex) {
    Part whole = build(regex);
    accepting = whole.accepting;
    first = whole.first;
    matchesEmpty = whole.empties > 0;
  }

  /** Whether the expression may match nothing. */
  boolean matchesEmpty() {
    return matchesEmpty;
  }

  int size() {
    return sets.size();
  }

  BitSet set(int position) {
    return sets.get(position);
  }

  /** Whether two positions are copies of one that is written once. */
  boolean isCopy(int position, int other) {
    return places.get(position).equals(places.get(other));
  }

  /** The outermost unbounded repeat around a position, null if there is none. */
  String repeat(int position) {
    return repeats.get(position);
  }

  /** What may follow a position, each with its ways. */
  Map<Integer, Integer> following(int position) {
    return following.get(position);
  }

  Map<Integer, Integer> first() {
    return first;
  }

  /** Whether the expression has matched once the position has. */
  boolean accepts(int position) {
    return accepting.contains(position);
  }

  /** The expressions within conditions and atomic parts, which are searched for on their own. */
  List<Regex> inner() {
    return inner;
  }

  /**
   * A bounded repeat of a part that may be empty, which can be left out in very many ways; or null.
   */
  String repeatOfEmpty() {
    return empty;
  }

  private Part build(Regex regex) {
    if (regex instanceof Characters characters) {
      return position(characters);
    }
    if (regex instanceof Chain chain) {
      return chain.parts().stream().map(this::build).reduce(Part.EMPTY, this::join);
    }
    if (regex instanceof Choice choice) {
      return choice.alternatives().stream().map(this::build).reduce(RegexAutomaton::either).get();
    }
    if (regex instanceof Repeat repeat) {
      return repeat(repeat);
    }
    if (regex instanceof Atomic atomic) {
      inner.add(atomic.body());
      return build(atomic.body());
    }
    Regex body = ((Assertion) regex).body();
    if (body != null) {
      inner.add(body);
    }
    return new Part(1, false, Map.of(), Map.of(), Set.of());
  }

  private Part position(Characters characters) {
    int position = sets.size();
    if (position == MAX_POSITIONS) {
      throw new IllegalArgumentException("it is too large to be judged");
    }
    sets.add(characters.set());
    places.add(written.computeIfAbsent(characters, unused -> written.size()));
    repeats.add(outermost);
    following.add(new LinkedHashMap<>());
    return new Part(0, false, Map.of(position, 1), Map.of(position, 1), Set.of(position));
  }

  private void follow(Map<Integer, Integer> last, Map<Integer, Integer> next) {
    steps += last.size() * next.size();
    if (steps > MAX_STEPS) {
      throw new IllegalArgumentException("it is too large to be judged");
    }
    last.forEach(
        (from, ways) ->
            next.forEach(
                (to, more) -> following.get(from).merge(to, ways * more, RegexAutomaton::sum)));
  }

  private static int sum(int ways, int more) {
    return Math.min(2, ways + more);
  }

  private static Map<Integer, Integer> sum(
      Map<Integer, Integer> left, Map<Integer, Integer> right, int times) {
    Map<Integer, Integer> sum = new LinkedHashMap<>(left);
    if (times > 0) {
      right.forEach(
          (position, ways) -> sum.merge(position, sum(0, ways * times), RegexAutomaton::sum));
    }
    return sum;
  }

  private static Set<Integer> union(Set<Integer> left, Set<Integer> right) {
    Set<Integer> union = new LinkedHashSet<>(left);
    union.addAll(right);
    return union;
  }

  private Part join(Part left, Part right) {
    follow(left.last, right.first);
    return new Part(
        sum(0, left.empties * right.empties),
        left.surelyEmpty && right.surelyEmpty,
        sum(left.first, right.first, left.empties),
        sum(right.last, left.last, right.empties),
        right.surelyEmpty ? union(right.accepting, left.accepting) : right.accepting);
  }

  private static Part either(Part left, Part right) {
    return new Part(
        sum(left.empties, right.empties),
        left.surelyEmpty || right.surelyEmpty,
        sum(left.first, right.first, 1),
        sum(left.last, right.last, 1),
        union(left.accepting, right.accepting));
  }

  private static Part optional(Part part) {
    return new Part(sum(1, part.empties), true, part.first, part.last, part.accepting);
  }

  private Part repeat(Repeat repeat) {
    if (repeat.most() == 0) {
      return Part.EMPTY;
    }
    if (repeat.most() > MAX_COPIES || copies(repeat) > MAX_COPIES) {
      return loop(repeat);
    }
    Part optionals = Part.EMPTY;
    for (int i = repeat.least(); i < repeat.most(); i++) {
      optionals = optional(join(build(repeat.body()), optionals));
    }
    Part all = optionals;
    for (int i = 0; i < repeat.least(); i++) {
      all = join(build(repeat.body()), all);
    }
    return all;
  }

  /** How often the innermost part would be written for a repeat of repeats. */
  private static int copies(Regex regex) {
    if (regex instanceof Repeat repeat) {
      int times = repeat.most() > MAX_COPIES ? 1 : Math.max(1, repeat.most());
      return Math.min(1 << 20, times * copies(repeat.body()));
    }
    List<Regex> parts =
        regex instanceof Chain chain
            ? chain.parts()
            : regex instanceof Choice choice
                ? choice.alternatives()
                : regex instanceof Atomic atomic ? List.of(atomic.body()) : List.of();
    return parts.stream().mapToInt(RegexAutomaton::copies).max().orElse(1);
  }

  private Part loop(Repeat repeat) {
    String around = outermost;
    outermost = around == null ? repeat.source() : around;
    Part body = build(repeat.body());
    outermost = around;
    follow(body.last, body.first);
    if (repeat.most() != Repeat.UNBOUNDED && body.empties > 0) {
      empty = repeat.source();
    }
    return repeat.least() == 0 ? optional(body) : body;
  }

  /** The alphabet: characters that the expression does not tell apart are one symbol. */
  List<BitSet> symbols() {
    int[] symbol = new int[CharacterSets.all().length()];
    int count = 1;
    Map<BitSet, BitSet> distinct = new LinkedHashMap<>();
    sets.forEach(set -> distinct.put(set, new BitSet()));
    for (BitSet set : distinct.keySet()) {
      Map<Integer, Integer> inside = new HashMap<>();
      for (int i = set.nextSetBit(0); i >= 0; i = set.nextSetBit(i + 1)) {
        Integer split = inside.get(symbol[i]);
        if (split == null) {
          split = count++;
          inside.put(symbol[i], split);
        }
        symbol[i] = split;
      }
    }
    distinct.forEach((set, symbols) -> set.stream().forEach(i -> symbols.set(symbol[i])));
    return sets.stream().map(distinct::get).toList();
  }
}
