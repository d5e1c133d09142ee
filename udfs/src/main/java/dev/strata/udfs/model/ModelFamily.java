package dev.strata.udfs.model;

/** How the {@code config.json} of one {@code model_type} reads. */
interface ModelFamily {

  String modelType();

  DecoderSpec read(JsonFields config);
}
