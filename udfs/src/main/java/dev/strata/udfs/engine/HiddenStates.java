package dev.strata.udfs.engine;

import dev.strata.udfs.tensor.Tensor;
import dev.strata.udfs.transformer.BlockState;
import dev.strata.udfs.transformer.TokenBlock;
import java.io.IOException;
import java.util.List;

/**
 * The residual stream of a sweep's tokens, and what layers keep of them for their experts. For the
 * computing thread, which opens all blocks of a stage in order, stage after stage.
 */
interface HiddenStates extends AutoCloseable {

  /** A block's hidden states on the device, the computing thread's until they are closed. */
  interface Access extends AutoCloseable {

    BlockState state();

    @Override
    void close();
  }

  /** What happens next to a block that is closed. */
  enum Next {
    /** It is opened again. */
    OPENED,
    /** It is opened again, and what was kept of it is needed then. */
    OPENED_WITH_KEPT,
    /** Nothing. */
    ENDS
  }

  /** Where hidden states come from. */
  interface Embedding {

    /** Fills rows of {@code hidden}, from {@code row} on, with the embeddings of the tokens. */
    void embed(int[] tokens, Tensor hidden, int row) throws IOException;
  }

  /** Starts a sweep with the embeddings of its tokens. */
  void begin(int[] tokenIds, List<TokenBlock> blocks) throws IOException;

  /**
   * The next block.
   *
   * @param next what happens to it next; the same for all blocks of a stage
   */
  Access open(Next next) throws IOException;

  /** Ends a sweep whose blocks were all opened, stage after stage. */
  void end();

  /**
   * Ends a sweep that was given up, whatever went wrong with it. When this returns nothing is
   * brought to the device or from it. All blocks that were opened must be closed.
   */
  void abandon();

  /** Between sweeps: from now on blocks have so many tokens at most, fewer than before. */
  void shrink(int blockTokens);

  /** Bytes copied to and from the device so far. */
  long bytesCopied();

  @Override
  void close();
}
