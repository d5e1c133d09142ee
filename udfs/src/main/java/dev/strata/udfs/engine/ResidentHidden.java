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
  private final StateRows hidden;
  private List<TokenBlock> blocks = List.of();
  private int next;

  /**
   * @param sweepTokens the most tokens of a sweep
   * @param width elements of a token
   * @param carriedWidth those of them that it carries beside the residual stream
   */
  ResidentHidden(
      ComputeDevice device, Embedding embedding, int sweepTokens, int width, int carriedWidth) {
    this.embedding = embedding;
    this.hidden = new StateRows(device, OWNER, sweepTokens, width, carriedWidth);
  }

  /** What it takes where each token takes so many bytes. */
  static Footprint footprint(int sweepTokens, long tokenBytes) {
    return Footprint.device(OWNER, sweepTokens * tokenBytes);
  }

  @Override
  public void begin(int[] tokenIds, List<TokenBlock> sweepBlocks, int stages) throws IOException {
    blocks = sweepBlocks;
    next = 0;
    embedding.embed(tokenIds, hidden.whole(), 0);
  }

  @Override
  public Access open() {
    TokenBlock block = blocks.get(next++ % blocks.size());
    BlockState state = hidden.of(block, block.first());
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
    hidden.close();
  }
}
