package dev.strata.udfs.text;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.Deque;
import java.util.HashSet;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;

/**
 * What an expression may cost where it does not match in the end. The tokenizers library tries
 * every way to match, and ends the JVM after 10 million of them at one place.
 */
final class RegexCost {

  /** How long a text is made that has as many ways as possible. */
  private static final int WAYS_LENGTH = 64;

  /** Two repeats side by side have as many ways as the square of the length. */
  private static final double MOST_WAYS = 20.0 * WAYS_LENGTH * WAYS_LENGTH;

  private static final long MOST_WORK = 30_000_000;

  private final RegexAutomaton automaton;
  private final List<BitSet> symbols;
  private final int[] component;
  private final boolean[] loops;
  private final Set<Integer> accepting = new HashSet<>();
  private final List<BitSet> innerSets = new ArrayList<>();
  private int innerLoops;
  private long work;

  private RegexCost(RegexAutomaton automaton) {
    this.automaton = automaton;
    this.symbols = automaton.symbols();
    this.component = new int[automaton.size()];
    this.loops = new boolean[automaton.size()];
    findComponents();
    for (int p = 0; p < automaton.size(); p++) {
      if (automaton.accepts(p)) {
        accepting.add(component[p]);
      }
    }
  }

  /** Whether each round of a position's loop ends the match, so that nothing behind it fails. */
  private boolean endsTheMatch(int position) {
    return accepting.contains(component[position]);
  }

  /**
   * Judges an expression.
   *
   * @throws IllegalArgumentException if its ways are more than in proportion to the text, or cannot
   *     be told; the message says why, as in "it repeats …"
   */
  static RegexCost of(String pattern) {
    return of(new RegexAutomaton(RegexParser.parse(pattern)));
  }

  private static RegexCost of(RegexAutomaton automaton) {
    if (automaton.repeatOfEmpty() != null) {
      throw new IllegalArgumentException(
          "it repeats a part that may be empty, '%s', which takes time without end on some texts"
              .formatted(automaton.repeatOfEmpty()));
    }
    RegexCost cost = new RegexCost(automaton);
    cost.requireOneWayAround();
    cost.requireFewWays();
    cost.requireNoNeighbours();
    for (Regex inner : automaton.inner()) {
      RegexCost innerCost = of(new RegexAutomaton(inner));
      cost.innerLoops += innerCost.backtrackingLoops();
      cost.innerSets.addAll(innerCost.loopSets());
    }
    return cost;
  }

  /**
   * The places at which a match gives back one character after another when what follows fails: as
   * many ways are tried for each character of a text.
   */
  int backtrackingLoops() {
    return countLoops() + innerLoops;
  }

  /** The characters of each loop, of those within conditions and atomic parts as well. */
  List<BitSet> loopSets() {
    Map<Integer, BitSet> sets = new LinkedHashMap<>();
    for (int p = 0; p < automaton.size(); p++) {
      if (loops[p]) {
        sets.computeIfAbsent(component[p], unused -> new BitSet()).or(automaton.set(p));
      }
    }
    return Stream.concat(sets.values().stream(), innerSets.stream()).distinct().toList();
  }

  boolean matchesEmpty() {
    return automaton.matchesEmpty();
  }

  private int countLoops() {
    int count = 0;
    for (int p = 0; p < automaton.size(); p++) {
      count += loops[p] && !endsTheMatch(p) ? 1 : 0;
    }
    return count;
  }

  private void spend(long steps) {
    work += steps;
    if (work > MOST_WORK) {
      throw new IllegalArgumentException("it is too large to be judged");
    }
  }

  /** Positions that reach each other are one component (Kosaraju). */
  private void findComponents() {
    List<List<Integer>> before = new ArrayList<>();
    for (int p = 0; p < automaton.size(); p++) {
      before.add(new ArrayList<>());
    }
    for (int p = 0; p < automaton.size(); p++) {
      for (int next : automaton.following(p).keySet()) {
        before.get(next).add(p);
        loops[p] |= next == p;
      }
    }
    List<Integer> finished = finishingOrder();
    Arrays.fill(component, -1);
    for (int i = finished.size() - 1; i >= 0; i--) {
      if (component[finished.get(i)] < 0) {
        collect(finished.get(i), before);
      }
    }
  }

  private void collect(int root, List<List<Integer>> before) {
    Deque<Integer> open = new ArrayDeque<>(List.of(root));
    component[root] = root;
    while (!open.isEmpty()) {
      int position = open.pop();
      for (int previous : before.get(position)) {
        if (component[previous] < 0) {
          component[previous] = root;
          loops[previous] = true;
          loops[root] = true;
          open.push(previous);
        }
      }
    }
  }

  private List<Integer> finishingOrder() {
    List<Integer> finished = new ArrayList<>();
    boolean[] seen = new boolean[automaton.size()];
    for (int p = 0; p < automaton.size(); p++) {
      Deque<Integer> path = new ArrayDeque<>();
      Deque<Iterator<Integer>> rest = new ArrayDeque<>();
      visit(p, seen, path, rest);
      while (!path.isEmpty()) {
        if (rest.peek().hasNext()) {
          visit(rest.peek().next(), seen, path, rest);
        } else {
          rest.pop();
          finished.add(path.pop());
        }
      }
    }
    return finished;
  }

  private void visit(
      int position, boolean[] seen, Deque<Integer> path, Deque<Iterator<Integer>> rest) {
    if (!seen[position]) {
      seen[position] = true;
      path.push(position);
      rest.push(automaton.following(position).keySet().iterator());
    }
  }

  private boolean overlap(int left, int right) {
    return symbols.get(left).intersects(symbols.get(right));
  }

  /** Two ways around a loop over the same text double the ways with each round. */
  private void requireOneWayAround() {
    for (int p = 0; p < automaton.size(); p++) {
      if (loops[p]) {
        requireOneWayAround(p);
      }
    }
  }

  private void requireOneWayAround(int position) {
    automaton
        .following(position)
        .forEach(
            (next, ways) -> {
              if (ways > 1 && component[next] == component[position]) {
                throw doubling(position);
              }
            });
    Set<Long> seen = new HashSet<>();
    Deque<Long> open = new ArrayDeque<>(List.of(pair(position, position)));
    while (!open.isEmpty()) {
      for (long next : pairsBehind(open.remove(), component[position])) {
        if (left(next) == right(next)) {
          throw doubling(position);
        }
        if (seen.add(next)) {
          open.add(next);
        }
      }
    }
  }

  /** Where two ways over the same text may go on that are parted, or meet after they were. */
  private List<Long> pairsBehind(long pair, int within) {
    boolean parted = left(pair) != right(pair);
    List<Long> pairs = new ArrayList<>();
    for (int left : automaton.following(left(pair)).keySet()) {
      for (int right : automaton.following(right(pair)).keySet()) {
        spend(1);
        boolean inside = component[left] == within && component[right] == within;
        if (inside && (parted || left != right) && overlap(left, right) && mayFail(left, right)) {
          pairs.add(pair(left, right));
        }
      }
    }
    return pairs;
  }

  /** Copies of one position that both end the match leave nothing that could fail. */
  private boolean mayFail(int left, int right) {
    boolean copies = left != right && automaton.isCopy(left, right);
    return !(copies && automaton.accepts(left) && automaton.accepts(right));
  }

  private IllegalArgumentException doubling(int position) {
    return new IllegalArgumentException(
        "it repeats what can match the same text in several ways, '"
            + automaton.repeat(position)
            + "', which takes time without end on some texts");
  }

  private static long pair(int left, int right) {
    return (long) left << Integer.SIZE | right;
  }

  private static int left(long pair) {
    return (int) (pair >> Integer.SIZE);
  }

  private static int right(long pair) {
    return (int) pair;
  }

  /** Two loops one behind the other over the same text have as many ways as its length squared. */
  private void requireNoNeighbours() {
    for (int p = 0; p < automaton.size(); p++) {
      for (int q = 0; loops[p] && q < automaton.size(); q++) {
        boolean other = loops[q] && component[p] != component[q] && !endsTheMatch(q);
        if (other && overlap(p, q) && areNeighbours(p, q)) {
          throw new IllegalArgumentException(
              "it repeats the same text twice in a row, '%s' and '%s', which fails on long texts"
                  .formatted(automaton.repeat(p), automaton.repeat(q)));
        }
      }
    }
  }

  /** Whether one text leads around p, from p to q, and around q. */
  private boolean areNeighbours(int p, int q) {
    Set<List<Integer>> seen = new HashSet<>();
    Deque<List<Integer>> open = new ArrayDeque<>();
    open.add(List.of(p, p, q));
    while (!open.isEmpty()) {
      List<Integer> from = open.remove();
      for (List<Integer> next : stepsOf(from, p, q)) {
        if (next.equals(List.of(p, q, q))) {
          return true;
        }
        if (seen.add(next)) {
          open.add(next);
        }
      }
    }
    return false;
  }

  private List<List<Integer>> stepsOf(List<Integer> from, int p, int q) {
    List<List<Integer>> steps = new ArrayList<>();
    for (int a : automaton.following(from.get(0)).keySet()) {
      for (int c : automaton.following(from.get(2)).keySet()) {
        spend(1);
        if (component[a] == component[p] && component[c] == component[q] && overlap(a, c)) {
          BitSet common = (BitSet) symbols.get(a).clone();
          common.and(symbols.get(c));
          for (int b : automaton.following(from.get(1)).keySet()) {
            spend(1);
            if (common.intersects(symbols.get(b))) {
              steps.add(List.of(a, b, c));
            }
          }
        }
      }
    }
    return steps;
  }

  /** Counts the ways of a text whose next character is always the one with the most ways. */
  private void requireFewWays() {
    double[] ways = new double[automaton.size()];
    automaton.first().forEach((position, count) -> ways[position] = count);
    double[] reached = ways;
    for (int length = 0; length < WAYS_LENGTH && reached != null; length++) {
      reached = mostWays(reached);
      if (reached != null && waysThatMayFail(reached) > MOST_WAYS) {
        throw new IllegalArgumentException(
            "its optional parts can match the same text in so many ways that it takes time without"
                + " end on some texts");
      }
      reached = reached == null ? null : following(reached);
    }
  }

  private double[] mostWays(double[] ways) {
    BitSet all = new BitSet();
    symbols.forEach(all::or);
    double[] best = null;
    double most = 0;
    for (int symbol = all.nextSetBit(0); symbol >= 0; symbol = all.nextSetBit(symbol + 1)) {
      spend(ways.length);
      double[] read = new double[ways.length];
      double sum = 0;
      for (int p = 0; p < ways.length; p++) {
        read[p] = ways[p] > 0 && symbols.get(p).get(symbol) ? ways[p] : 0;
        sum += read[p];
      }
      if (sum > most) {
        most = sum;
        best = read;
      }
    }
    return best;
  }

  private double waysThatMayFail(double[] ways) {
    double sum = 0;
    for (int p = 0; p < ways.length; p++) {
      sum += automaton.accepts(p) ? 0 : ways[p];
    }
    return sum;
  }

  private double[] following(double[] ways) {
    double[] next = new double[ways.length];
    for (int p = 0; p < ways.length; p++) {
      if (ways[p] > 0) {
        double here = ways[p];
        spend(automaton.following(p).size());
        automaton.following(p).forEach((to, count) -> next[to] += here * count);
      }
    }
    return next;
  }
}
