package dev.strata.udfs.engine;

import dev.strata.udfs.engine.TileProgram.StageTiles;
import dev.strata.udfs.stream.TileUse;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Predicate;
import java.util.function.ToIntFunction;
import java.util.stream.Stream;

/**
 * Which experts of a layer are announced, and when. Reading would stand still until the router has
 * run; so those whose choice is as good as certain are announced before, as many as can be read
 * meanwhile, and taken back if no token chose them. Where memory holds some experts, an expert that
 * is chosen more often takes the place of another as it is read: that costs nothing.
 */
final class ExpertDemand {

  /** So many times likelier an expert has to be chosen than one whose place in memory it takes. */
  private static final double CLEAR_GAIN = 1.25;

  private final List<StageTiles> all;
  private final WeightStream weights;
  private final ExpertShares shares;
  private List<StageTiles> ahead = List.of();
  private final Map<StageTiles, Integer> skipped = new HashMap<>();
  private Set<StageTiles> announced = Set.of();

  /**
   * @param all the layer's, in their order
   */
  ExpertDemand(List<StageTiles> all, WeightStream weights) {
    this.all = all;
    this.weights = weights;
    this.shares = new ExpertShares(all.size());
  }

  /**
   * What passes first, though the router has yet to run: the most chosen ones first.
   *
   * @param tokens of the sweep
   */
  List<TileUse> ahead(long tokens) {
    List<StageTiles> residents = leastChosenFirst(weights::stays);
    List<StageTiles> certain =
        all.stream()
            .filter(expert -> shares.isCertain(number(expert), tokens))
            .sorted(mostChosenFirst())
            .toList();
    List<StageTiles> kept = certain.stream().filter(weights::stays).toList();
    List<StageTiles> read =
        certain.stream()
            .filter(expert -> !weights.stays(expert))
            // Those that are to stay wait until it is known whose places are free.
            .filter(e -> residents.isEmpty() || !isClearGain(e, residents.get(0), tokens))
            .toList();
    ahead = Stream.concat(some(read), some(kept)).sorted(mostChosenFirst()).toList();
    announced = Set.copyOf(ahead);
    List<TileUse> uses = new ArrayList<>();
    ahead.forEach(expert -> expert.addUses(1, uses));
    return uses;
  }

  /** As many of them as can be read ahead. */
  private Stream<StageTiles> some(List<StageTiles> experts) {
    int tiles = all.get(0).count();
    return experts.stream().limit((weights.readAhead() + tiles - 1) / tiles);
  }

  private static int number(StageTiles expert) {
    return expert.of().stage().expert();
  }

  private Comparator<StageTiles> mostChosenFirst() {
    return Comparator.comparingDouble(expert -> -shares.mean(number(expert)));
  }

  private List<StageTiles> leastChosenFirst(Predicate<StageTiles> some) {
    return all.stream().filter(some).sorted(mostChosenFirst().reversed()).toList();
  }

  private boolean isClearGain(StageTiles expert, StageTiles other, long tokens) {
    return shares.chance(number(expert), tokens)
        >= CLEAR_GAIN * shares.chance(number(other), tokens);
  }

  /**
   * The router has run, and kernels of former experts are over.
   *
   * @param counts tokens that chose an expert
   * @param chosen those that some token chose, in the order in which they are to pass
   * @return them in the order in which they pass, those that were announced first
   */
  List<StageTiles> settle(ToIntFunction<StageTiles> counts, List<StageTiles> chosen, long tokens) {
    shares.add(expert -> counts.applyAsInt(all.get(expert)), tokens);
    Set<Integer> coming =
        weights.retract(ahead.stream().filter(expert -> counts.applyAsInt(expert) == 0).toList());
    exchange(counts, tokens);
    List<StageTiles> inOrder = new ArrayList<>();
    skipped.clear();
    int skips = 0;
    for (StageTiles expert : withOthers(chosen)) {
      if (counts.applyAsInt(expert) > 0) {
        inOrder.add(expert);
        skipped.put(expert, skips);
        skips = 0;
      } else {
        skips += (int) expert.tiles().filter(coming::contains).count();
      }
    }
    return inOrder;
  }

  /** Those that were announced ahead, and then of some those that were not. */
  private List<StageTiles> withOthers(List<StageTiles> some) {
    return Stream.concat(ahead.stream(), some.stream().filter(e -> !announced.contains(e)))
        .toList();
  }

  /** Whether its tiles were announced ahead. */
  boolean isAnnounced(StageTiles expert) {
    return announced.contains(expert);
  }

  /** How many tiles come before its own that nobody needs. */
  int skipped(StageTiles expert) {
    return skipped.getOrDefault(expert, 0);
  }

  /** Places go to experts that are about to be read, from those that no token chose. */
  private void exchange(ToIntFunction<StageTiles> counts, long tokens) {
    Predicate<StageTiles> isFree = expert -> !announced.contains(expert);
    List<StageTiles> read =
        all.stream()
            .filter(expert -> counts.applyAsInt(expert) > 0 && !weights.stays(expert))
            .filter(isFree)
            .sorted(mostChosenFirst())
            .toList();
    List<StageTiles> others =
        leastChosenFirst(isFree.and(e -> counts.applyAsInt(e) == 0 && weights.stays(e)));
    for (int i = 0; i < Math.min(read.size(), others.size()); i++) {
      if (isClearGain(read.get(i), others.get(i), tokens)) {
        weights.exchange(others.get(i), read.get(i));
      }
    }
  }

  /** The sweep is given up. */
  void abandon() {
    ahead = List.of();
    announced = Set.of();
  }
}
