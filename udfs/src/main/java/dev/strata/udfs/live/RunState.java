package dev.strata.udfs.live;

/** Whether a run goes on. */
enum RunState {
  RUNNING("running"),
  DONE("done"),
  FAILED("failed");

  private final String words;

  RunState(String words) {
    this.words = words;
  }

  @Override
  public String toString() {
    return words;
  }
}
