package dev.strata.udfs.engine;

import dev.strata.udfs.model.DecoderSpec;
import dev.strata.udfs.store.LayerStore;
import dev.strata.udfs.store.Tile;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.ToLongFunction;

/**
 * Which tiles stay in host memory, once they are read, if not all can. They are spread over the
 * sweep, so that reading the others never has to catch up. What every token passes comes before
 * experts, which stay whole; as an expert's place is another's of its layer as well, those that
 * stay first are anyone's.
 */
final class ResidentTiles {

  /** Tiles that lie alike: experts' of one layer, whose places can be exchanged. */
  private record Kind(int layer, int step, int firstRow) {}

  private final List<DecoderSpec.StageOfLayer> stages;
  private final ToLongFunction<Tile> placeBytes;
  private final ToLongFunction<Map<Integer, Long>> taken;
  private final Map<Kind, Long> largest = new HashMap<>();

  // Tiles that stay together: an expert's, or one.
  private final List<List<Tile>> dense = new ArrayList<>();
  private final List<List<Tile>> experts = new ArrayList<>();

  /**
   * @param placeBytes what a tile's place has to have
   * @param taken what places take in all, by their tiles
   */
  ResidentTiles(
      DecoderSpec spec,
      LayerStore store,
      ToLongFunction<Tile> placeBytes,
      ToLongFunction<Map<Integer, Long>> taken) {
    this.stages = spec.stages();
    this.placeBytes = placeBytes;
    this.taken = taken;
    for (Tile tile : store.tiles()) {
      if (!isExpert(tile)) {
        dense.add(List.of(tile));
        continue;
      }
      largest.merge(kind(tile), placeBytes.applyAsLong(tile), Math::max);
      if (experts.isEmpty() || experts.get(experts.size() - 1).get(0).stage() != tile.stage()) {
        experts.add(new ArrayList<>());
      }
      experts.get(experts.size() - 1).add(tile);
    }
  }

  private boolean isExpert(Tile tile) {
    return stages.get(tile.stage()).stage().isExpert();
  }

  private Kind kind(Tile tile) {
    return new Kind(stages.get(tile.stage()).layer(), tile.step(), tile.firstRow());
  }

  private long bytes(Tile tile) {
    return isExpert(tile) ? largest.get(kind(tile)) : placeBytes.applyAsLong(tile);
  }

  private long bytes(List<Tile> together) {
    return together.stream().mapToLong(this::bytes).sum();
  }

  /** The bytes of the places of those that stay, by tile, if they may take so many in all. */
  Map<Integer, Long> within(long bytes) {
    Map<Integer, Long> residents = places(dense);
    residents.putAll(places(experts));
    if (taken.applyAsLong(residents) <= bytes) {
      return residents;
    }
    residents = places(dense);
    long left = bytes - taken.applyAsLong(residents);
    if (left < 0) {
      return spread(Map.of(), dense, (double) bytes / (bytes - left), bytes);
    }
    return spread(residents, experts, (double) left / taken.applyAsLong(places(experts)), bytes);
  }

  private Map<Integer, Long> places(Collection<List<Tile>> some) {
    Map<Integer, Long> places = new HashMap<>();
    some.forEach(each -> each.forEach(tile -> places.put(tile.index(), bytes(tile))));
    return places;
  }

  /** Those that stay anyway and a share of the others, within so many bytes in all. */
  private Map<Integer, Long> spread(
      Map<Integer, Long> anyway, List<List<Tile>> others, double share, long bytes) {
    List<List<Tile>> kept = new ArrayList<>();
    long passed = 0;
    long used = 0;
    for (List<Tile> each : others) {
      passed += bytes(each);
      if (used + bytes(each) <= passed * share) {
        kept.add(each);
        used += bytes(each);
      }
    }
    Map<Integer, Long> residents = places(kept);
    residents.putAll(anyway);
    // Places are rounded up to pages and pieces, which the share does not know.
    for (int i = kept.size() - 1; i >= 0 && taken.applyAsLong(residents) > bytes; i--) {
      kept.get(i).forEach(tile -> residents.remove(tile.index()));
    }
    return residents;
  }
}
