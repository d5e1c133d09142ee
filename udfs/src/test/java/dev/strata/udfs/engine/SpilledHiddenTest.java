package dev.strata.udfs.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.strata.udfs.tensor.ComputeDevice;
import dev.strata.udfs.tensor.Lane;
import dev.strata.udfs.tensor.NumberType;
import dev.strata.udfs.tensor.Tensor;
import dev.strata.udfs.transformer.BlockState;
import dev.strata.udfs.transformer.TokenBlock;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Hidden states go to host memory after each stage and come back for the next. */
@Timeout(60)
class SpilledHiddenTest {

  private static final int WIDTH = 3;
  private static final int BLOCK = 4;
  private static final int SWEEP = 7 * BLOCK;

  private ComputeDevice device;
  private Lane compute;
  private List<Lane> copies;
  private SpilledHidden hidden;

  // Embeddings that fail, counted from the first of all.
  private final List<Integer> failing = new ArrayList<>();
  private String problem = "CUDA out of memory. Tried to allocate 2 MiB";
  private int embedded;

  @BeforeEach
  void open() {
    open("staged");
  }

  private void open(String name) {
    device = ComputeDevice.open(name, "float32", 1);
    compute = device.newLane("compute");
    copies = List.of(device.newCopyLane("in"), device.newCopyLane("out"));
    compute.bind();
    hidden =
        new SpilledHidden(
            device,
            this::embed,
            BLOCK,
            new TokenState(WIDTH, 0, false, false),
            SWEEP,
            compute,
            copies.get(0),
            copies.get(1));
  }

  @AfterEach
  void close() {
    hidden.close();
    compute.close();
    copies.forEach(Lane::close);
    device.close();
  }

  /** A token's embedding is its id, in all elements. */
  private void embed(int[] tokens, Tensor target, int row) {
    if (failing.contains(embedded++)) {
      throw new IllegalStateException(problem);
    }
    float[] values = new float[tokens.length * WIDTH];
    for (int i = 0; i < values.length; i++) {
      values[i] = tokens[i / WIDTH];
    }
    write(values, target, row);
  }

  private void write(float[] values, Tensor target, long row) {
    try (Tensor from = device.floats(values)) {
      device.kernels().copyFlat(from, 0, values.length, target, row * WIDTH);
    }
  }

  private static List<TokenBlock> blocks(int tokens, int blockTokens) {
    List<TokenBlock> blocks = new ArrayList<>();
    for (int first = 0; first < tokens; first += blockTokens) {
      blocks.add(new TokenBlock(first, Math.min(blockTokens, tokens - first), List.of()));
    }
    return blocks;
  }

  /**
   * Each stage adds 1000 to what the one before it left. All of its work is sent before it is seen
   * what that found.
   */
  private void sweep(int tokens, int blockTokens, int stages) throws IOException {
    try (Tensor seen =
        device.allocate("seen", NumberType.FLOAT32, (long) stages * tokens * WIDTH)) {
      sweep(tokens, blockTokens, stages, seen);
      float[] values = device.kernels().toFloats(seen);
      for (int i = 0; i < values.length; i++) {
        int token = i / WIDTH % tokens;
        int stage = i / WIDTH / tokens;
        assertThat(values[i])
            .as("token %d in stage %d", token, stage)
            .isEqualTo(7 * token + 1000f * stage);
      }
    }
  }

  private void sweep(int tokens, int blockTokens, int stages, Tensor seen) throws IOException {
    int[] ids = IntStream.range(0, tokens).map(i -> 7 * i).toArray();
    List<TokenBlock> blocks = blocks(tokens, blockTokens);
    hidden.begin(ids, blocks);
    for (int stage = 0; stage < stages; stage++) {
      for (TokenBlock block : blocks) {
        try (HiddenStates.Access access = hidden.open(next(stage, stages))) {
          assertThat(access.state().block()).isSameAs(block);
          addThousand(access.state(), ids, stage, seen);
        }
      }
    }
    hidden.end();
  }

  private static HiddenStates.Next next(int stage, int stages) {
    return stage == stages - 1 ? HiddenStates.Next.ENDS : HiddenStates.Next.OPENED;
  }

  private void addThousand(BlockState state, int[] ids, int stage, Tensor seen) {
    TokenBlock block = state.block();
    int count = block.tokens() * WIDTH;
    long to = ((long) stage * ids.length + block.first()) * WIDTH;
    device.kernels().copyFlat(state.hidden(), state.row() * WIDTH, count, seen, to);
    float[] values = new float[count];
    for (int i = 0; i < count; i++) {
      values[i] = ids[block.first() + i / WIDTH] + 1000f * (stage + 1);
    }
    write(values, state.hidden(), state.row());
  }

  @ParameterizedTest
  @CsvSource({
    "staged, 1, 4",
    "staged, 4, 4",
    "staged, 5, 4",
    "staged, 28, 4",
    "staged, 27, 3",
    "staged, 9, 1",
    "staged-early, 4, 4",
    "staged-early, 28, 4",
    "staged-early, 9, 1"
  })
  void aStageFindsWhatTheOneBeforeItLeft(String name, int tokens, int blockTokens)
      throws IOException {
    close();
    open(name);
    for (int stages = 1; stages <= 4; stages++) {
      sweep(tokens, blockTokens, stages);
    }
    int blocks = (tokens + blockTokens - 1) / blockTokens;
    long passes = blocks == 1 ? 0 : 2L * (1 + 2 + 3);
    assertThat(hidden.bytesCopied())
        .isEqualTo(passes * tokens * WIDTH * NumberType.FLOAT32.bytes());
  }

  /** Sweeps that nobody waits for in between, since no token of theirs is chosen. */
  @ParameterizedTest
  @CsvSource({"staged, 4", "staged-early, 4", "staged, 28", "staged-early, 28"})
  void sweepsFollowOneAnother(String name, int tokens) throws IOException {
    close();
    open(name);
    List<Tensor> seen = new ArrayList<>();
    for (int i = 0; i < 8; i++) {
      seen.add(device.allocate("seen", NumberType.FLOAT32, 2L * tokens * WIDTH));
      sweep(tokens, BLOCK, 2, seen.get(i));
    }
    for (Tensor each : seen) {
      float[] values = device.kernels().toFloats(each);
      for (int i = 0; i < values.length; i++) {
        int stage = i / WIDTH / tokens;
        assertThat(values[i]).isEqualTo(7 * (i / WIDTH % tokens) + 1000f * stage);
      }
      each.close();
    }
  }

  /** Whoever opens the block hears of it, and the next sweep finds everything in order. */
  @ParameterizedTest
  @ValueSource(ints = {0, 1, 2, 4, 6})
  void embeddingsThatFindTooLittleMemoryEndTheSweepAlone(int first) throws IOException {
    // The one after it fails too, while the ring is emptied.
    failing.addAll(List.of(first, first + 1));
    assertThatThrownBy(() -> sweep(SWEEP, BLOCK, 2)).hasMessageContaining(problem);
    hidden.abandon();
    failing.clear();
    hidden.shrink(BLOCK / 2);
    sweep(SWEEP, BLOCK / 2, 3);
  }

  @Test
  void otherFailuresEndTheRing() {
    problem = "no such kernel";
    failing.add(2);
    assertThatThrownBy(() -> sweep(SWEEP, BLOCK, 2)).hasMessageContaining(problem);
    assertThatThrownBy(() -> hidden.open(HiddenStates.Next.OPENED)).hasMessageContaining(problem);
  }
}
