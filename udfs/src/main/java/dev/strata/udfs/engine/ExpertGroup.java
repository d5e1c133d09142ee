package dev.strata.udfs.engine;

import dev.strata.udfs.engine.TileProgram.StageTiles;
import dev.strata.udfs.stream.TileUse;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Predicate;
import java.util.function.ToIntFunction;

/**
 * Experts of a layer whose tiles can be where kernels use them at once while micro-batches stream
 * past, or a single one whose tiles cannot, and pass again for each micro-batch that chose it.
 *
 * @param experts in the order in which their tiles pass; each was chosen by a token
 * @param stays whether all their tiles can be there at once
 */
record ExpertGroup(List<StageTiles> experts, boolean stays) {

  ExpertGroup {
    experts = List.copyOf(experts);
  }

  /**
   * Groups as large as places allow. Tiles that have places of their own count too: when they are
   * read they pass through one that cannot be given back before those that others hold.
   *
   * @param skipped how many tiles come before an expert's own that nobody needs
   * @param places how many tiles can be where kernels use them, and the next on its way
   */
  static List<ExpertGroup> of(
      List<StageTiles> chosen, ToIntFunction<StageTiles> skipped, int places) {
    List<ExpertGroup> groups = new ArrayList<>();
    List<StageTiles> group = new ArrayList<>();
    int taken = 0;
    for (StageTiles expert : chosen) {
      int behind = group.isEmpty() ? 0 : skipped.applyAsInt(expert);
      if (!group.isEmpty() && taken + behind + expert.count() >= places) {
        groups.add(new ExpertGroup(group, taken < places));
        group.clear();
        taken = 0;
        behind = 0;
      }
      group.add(expert);
      taken += behind + expert.count();
    }
    groups.add(new ExpertGroup(group, taken < places));
    return groups;
  }

  /**
   * How tiles pass of some of its experts.
   *
   * @param passes how often those of an expert do that do not stay
   */
  List<TileUse> uses(int passes, Predicate<StageTiles> some) {
    List<TileUse> uses = new ArrayList<>();
    experts.stream().filter(some).forEach(expert -> expert.addUses(stays ? 1 : passes, uses));
    return uses;
  }
}
