package dev.strata.udfs.tools.benchmark;

import dev.strata.udfs.engine.LaneKind;
import dev.strata.udfs.engine.Span;
import dev.strata.udfs.engine.SweepFigures;
import dev.strata.udfs.model.DecoderSpec;
import dev.strata.udfs.model.ElementType;
import dev.strata.udfs.model.ModelConfig;
import java.util.List;

/** Sweeps of known figures, for tests of what is made of them. */
final class Sweeps {

  static final long MS = 1_000_000;

  private Sweeps() {}

  /** Two matrices of 100 × 1000 in the layers and a head of 50 × 1000, two bytes each. */
  static ModelWork model() {
    return new ModelWork(
        List.of(
            new ModelWork.Matrix(100, 1000, ElementType.BF16, ModelWork.Part.LAYER),
            new ModelWork.Matrix(100, 1000, ElementType.BF16, ModelWork.Part.LAYER),
            new ModelWork.Matrix(50, 1000, ElementType.BF16, ModelWork.Part.HEAD)),
        spec());
  }

  private static DecoderSpec spec() {
    return ModelConfig.parse(
        """
        {"model_type": "llama", "vocab_size": 50, "hidden_size": 1000, "intermediate_size": 100,
         "num_attention_heads": 10, "num_key_value_heads": 2, "num_hidden_layers": 1,
         "max_position_embeddings": 64, "rms_norm_eps": 1e-5, "rope_theta": 10000.0,
         "hidden_act": "silu", "tie_word_embeddings": false}
        """,
        "config.json");
  }

  static SweepFigures figures(int rows, int promptTokens, int newTokens, long millis) {
    return new SweepFigures(
        0, rows, promptTokens, newTokens, millis * MS, 0, 500_000, 0, 0, 0, 0, List.of());
  }

  static SweepFigures traced(long millis, Span... spans) {
    return new SweepFigures(0, 8, 0, 8, millis * MS, 0, 500_000, 0, 0, 0, 0, List.of(spans));
  }

  /** Times in milliseconds. */
  static Span span(LaneKind lane, String label, double start, double end) {
    return new Span(lane, label, (long) (start * MS), (long) (end * MS));
  }

  /** On a GPU: reads, copies and products at these rates whatever goes on beside them. */
  static Rates rates(double direct, double cached, double toDevice, double toHost, double product) {
    return new Rates(
        direct,
        cached,
        toDevice,
        toHost,
        new Rates.Together(Double.NaN, toDevice, toHost),
        new Rates.Together(direct, toDevice, Double.NaN),
        new Rates.Together(cached, toDevice, Double.NaN),
        product,
        Double.NaN,
        Double.NaN);
  }
}
