package dev.strata.udfs.spark;

/** What the start of an engine is at, as a person reads it. */
enum StartStep {
  COPY("copies the model to this node, or waits for somebody who does", true),
  OPEN("opens the model", true),
  DEVICE("opens the device and takes memory", false);

  private final String words;
  private final boolean ofStorage;

  StartStep(String words, boolean ofStorage) {
    this.words = words;
    this.ofStorage = ofStorage;
  }

  /** Whether nothing but files can hold it up. */
  boolean isOfStorage() {
    return ofStorage;
  }

  @Override
  public String toString() {
    return words;
  }
}
