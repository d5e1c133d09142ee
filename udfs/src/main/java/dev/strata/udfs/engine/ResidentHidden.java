package dev.strata.udfs.engine;

import dev.strata.udfs.tensor.ComputeDevice;
import dev.strata.udfs.tensor.Footprint;
import dev.strata.udfs.transformer.BlockState;
import dev.strata.udfs.transformer.TokenBlock;
import java.io.IOException;
import java.util.List;

/** Hidden states of all tokens of a sweep where kernels use them. */
final class ResidentHidden implements HiddenStates {

  private static final String OWNER = "hidden states";

  private final Embedding embedding;
  private final StateRows rows;
  private List<TokenBlock> blocks = List.of();
  private int next;

  /**
   * @param sweepTokens the most tokens of a sweep
   */
  ResidentHidden(ComputeDevice device, Embedding embedding, int sweepTokens, TokenState state) {
    this.embedding = embedding;
    this.rows = new StateRows(device, OWNER, OWNER, sweepTokens, state);
  }

  /** What it takes where each token takes so many bytes, what is kept of it included. */
  static Footprint footprint(int sweepTokens, long tokenBytes) {
    return Footprint.device(OWNER, sweepTokens * tokenBytes);
  }

  @Override
  public void begin(int[] tokenIds, List<TokenBlock> sweepBlocks) throws IOException {
    blocks = sweepBlocks;
    next = 0;
    embedding.embed(tokenIds, rows.whole(), 0);
  }

  @Override
  public Access open(Next unused) {
    TokenBlock block = blocks.get(next++ % blocks.size());
    BlockState state = rows.of(block, block.first());
    return new Access() {
      @Override
      public BlockState state() {
        return state;
      }

      @Override
      public void close() {}
    };
  }

  @Override
  public void end() {
    blocks = List.of();
  }

  @Override
  public void abandon() {
    end();
  }

  @Override
  public void shrink(int blockTokens) {}

  @Override
  public long bytesCopied() {
    return 0;
  }

  @Override
  public void close() {
    rows.close();
  }
}
