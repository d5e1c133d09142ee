package dev.strata.udfs.tools;

import dev.strata.udfs.model.DecoderSpec;
import dev.strata.udfs.model.ModelConfig;
import dev.strata.udfs.model.WeightSpec;

/** A model's sizes, for checkpoints of random numbers. */
public interface CheckpointShape {

  /** What it is called. */
  String name();

  /** Layers of the model. */
  int layers();

  /** The same shape with another number of layers: the first ones. */
  CheckpointShape withLayers(int count);

  /** How far experts differ in how often tokens choose them, see {@link RouterSpread}. */
  double expertSkew();

  /**
   * The same shape with other routers.
   *
   * @throws dev.strata.udfs.api.StrataException if it has none
   */
  CheckpointShape withExpertSkew(double skew);

  /** The text of {@code config.json}. */
  String config();

  /** The model as its {@code config.json} describes it. */
  default DecoderSpec spec() {
    return ModelConfig.parse(config(), name());
  }

  /** Numbers of the whole model; embedding and head each count where they are two. */
  default long parameters() {
    return spec().weights().stream().mapToLong(WeightSpec::elements).sum();
  }
}
