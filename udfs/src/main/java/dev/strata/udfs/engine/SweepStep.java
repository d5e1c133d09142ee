package dev.strata.udfs.engine;

/** What an engine's thread is at, as a person reads it. */
enum SweepStep {
  /** Between sweeps. */
  FORM_WAVE("forms a wave"),
  SCHEDULE("schedules a sweep"),
  EMBED("takes embedding rows"),
  HIDDEN("takes hidden states of"),
  TILE("waits for a tile of"),
  KERNELS("computes"),
  ROUTE("waits for what the tokens chose of"),
  SETTLE("waits for keys and values"),
  CHOOSE("chooses tokens"),
  LOOK("looks whether the model's files are unchanged"),
  TELL("tells of tokens");

  private final String words;

  SweepStep(String words) {
    this.words = words;
  }

  @Override
  public String toString() {
    return words;
  }
}
