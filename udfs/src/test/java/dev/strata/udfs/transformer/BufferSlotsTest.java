package dev.strata.udfs.transformer;

import static org.assertj.core.api.Assertions.assertThat;

import dev.strata.udfs.model.Activation;
import dev.strata.udfs.model.Buffer;
import dev.strata.udfs.model.DecoderSpec;
import dev.strata.udfs.model.LoopOrder;
import dev.strata.udfs.model.Stage;
import dev.strata.udfs.model.Step;
import dev.strata.udfs.model.WeightSpec;
import dev.strata.udfs.tools.ModelShape;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class BufferSlotsTest {

  private static final Buffer A = new Buffer("a", 3);
  private static final Buffer B = new Buffer("b", 5);
  private static final Buffer C = new Buffer("c", 7);

  private static Step norm(Buffer target) {
    return new Step.Norm(new WeightSpec("norm", List.of(3L), 0, 1, 0), 1e-5, target);
  }

  private static WeightSpec matrix(int rows, int columns) {
    return new WeightSpec("matrix", List.of((long) rows, (long) columns), 0, rows, 0);
  }

  private static Step product(Buffer source, Buffer target) {
    Buffer.Columns all = new Buffer.Columns(target, 0, target.width());
    WeightSpec matrix = matrix(target.width(), source.width());
    return new Step.Product(matrix, null, source, Step.Use.STORE, Activation.NONE, all);
  }

  private static Step add(Buffer source) {
    return new Step.Product(
        matrix(3, source.width()), null, source, Step.Use.ADD, Activation.NONE, null);
  }

  private static Map<Buffer, Integer> slots(Step... steps) {
    Stage stage = new Stage("stage", LoopOrder.MICRO_BATCHES, List.of(steps));
    return BufferSlots.of(stage).slots();
  }

  @Test
  void aSlotIsFreeAfterTheLastStepThatReadsItsBuffer() {
    assertThat(slots(norm(A), product(A, B), product(B, C), add(C)))
        .isEqualTo(Map.of(A, 0, B, 1, C, 0));
  }

  @Test
  void whatIsReadLaterIsKept() {
    assertThat(slots(norm(A), product(A, B), product(B, C), add(C), add(A)))
        .isEqualTo(Map.of(A, 0, B, 1, C, 2));
  }

  @Test
  void twoSlotsAreEnoughForALlama() {
    DecoderSpec spec = new ModelShape("narrow", 100, 48, 200, 4, 2, 16, 2).spec();
    assertThat(ActivationSizes.of(spec))
        .isEqualTo(new ActivationSizes(List.of(64, 200), 64, 4, 0, 48, 1, 0, 0, 0));
  }

  @Test
  void slotsAreAsWideAsTheWidestOfTheirBuffers() {
    DecoderSpec spec = new ModelShape("wide", 100, 96, 100, 4, 2, 16, 1).spec();
    assertThat(ActivationSizes.of(spec).slots()).containsExactly(96, 128);
  }
}
