package dev.strata.udfs.engine;

import dev.strata.udfs.engine.TileProgram.StageTiles;
import dev.strata.udfs.stream.TileStreamer;
import dev.strata.udfs.transformer.BlockState;
import dev.strata.udfs.transformer.ExpertBatch;
import dev.strata.udfs.transformer.Positions;
import dev.strata.udfs.transformer.StagePass;
import dev.strata.udfs.transformer.Transformer;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/**
 * Experts of a layer as they come, of which as many are computed at once as have room: their tokens
 * in the buffers of a micro-batch, each padded to as many rows, and their tiles where they are. In
 * the order of how many tokens chose them, little is padded.
 */
final class ExpertBatches {

  /**
   * An expert whose tiles are there.
   *
   * @param position among the chosen ones of the layer
   * @param tokens of the block that chose it
   */
  @SuppressWarnings("ArrayRecordComponent") // not compared
  private record Member(int position, StageTiles expert, int tokens, TileStreamer.Lease[] leases) {

    int place(int tile) {
      return leases[tile].place();
    }
  }

  private final PassingTiles tiles;
  private final Transformer transformer;
  private final Positions positions;
  private final ExpertBatch batch;
  private final int mostExperts;
  private final int chosen;
  private final List<Member> members = new ArrayList<>();
  private BlockState state;
  private int firstBound;
  private boolean releases;

  /**
   * @param batch how several are computed at once
   * @param mostExperts that are computed at once
   * @param chosen experts of a token
   */
  ExpertBatches(
      PassingTiles tiles,
      Transformer transformer,
      Positions positions,
      ExpertBatch batch,
      int mostExperts,
      int chosen) {
    this.tiles = tiles;
    this.transformer = transformer;
    this.positions = positions;
    this.batch = batch;
    this.mostExperts = mostExperts;
    this.chosen = chosen;
  }

  /**
   * A block begins.
   *
   * @param first where the block's bounds of experts begin
   * @param isLast whether tiles are given back when they were used
   */
  void begin(BlockState block, int first, boolean isLast) {
    state = block;
    firstBound = first;
    releases = isLast;
    batch.begin();
  }

  /** Takes an expert that some token of the block chose. */
  void add(int position, StageTiles expert, int tokens, TileStreamer.Lease[] leases)
      throws IOException {
    Member member = new Member(position, expert, tokens, leases);
    if (!members.isEmpty() && !hasRoom(member)) {
      run();
    }
    members.add(member);
  }

  private boolean hasRoom(Member next) {
    long count = members.size() + 1L;
    Member last = members.get(members.size() - 1);
    return count * batch.paddedRows(Math.max(mostTokens(), next.tokens())) <= batch.mostRows()
        && count <= mostExperts
        && followsEvenly(next, last);
  }

  /** Whether its tiles lie as far behind the last one's as those of all others do. */
  private boolean followsEvenly(Member next, Member last) {
    int step = members.size() > 1 ? step() : next.place(0) - last.place(0);
    for (int tile = 0; tile < next.expert().count(); tile++) {
      if (step < 1 || next.place(tile) - last.place(tile) != step) {
        return false;
      }
    }
    return true;
  }

  private int step() {
    return members.size() == 1 ? 1 : members.get(1).place(0) - members.get(0).place(0);
  }

  private int mostTokens() {
    return members.stream().mapToInt(Member::tokens).max().orElse(0);
  }

  /** Computes those that were taken, and adds to the block's tokens what experts made of them. */
  void end() throws IOException {
    run();
    batch.combine(chosen, state);
  }

  /** Computes those that were taken. */
  void run() throws IOException {
    if (members.size() == 1) {
      runAlone(members.get(0));
    } else if (!members.isEmpty()) {
      ExpertBatch.Part part =
          new ExpertBatch.Part(
              members.stream().map(member -> member.expert().of().stage().expert()).toList(),
              firstBound + members.get(0).position(),
              batch.paddedRows(mostTokens()));
      if (!batch.hasRoomForResults(members.size() * part.rows())) {
        batch.combine(chosen, state);
      }
      tiles.compute(batch, part, members.stream().map(Member::leases).toList(), step(), state);
    }
    if (releases) {
      members.forEach(member -> release(member.leases()));
    }
    members.clear();
  }

  private void runAlone(Member member) throws IOException {
    StagePass pass = transformer.pass(member.expert().of(), positions);
    for (TileStreamer.Lease lease : member.leases()) {
      tiles.compute(lease, pass, state);
    }
    pass.after(state);
  }

  private void release(TileStreamer.Lease[] leases) {
    for (int i = 0; i < leases.length; i++) {
      leases[i] = tiles.release(leases[i]);
    }
  }
}
