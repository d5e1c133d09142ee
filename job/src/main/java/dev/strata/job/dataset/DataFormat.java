package dev.strata.job.dataset;

import java.util.Arrays;
import java.util.Locale;
import java.util.Optional;

/** The forms of files that rows are read from and written to. */
public enum DataFormat {
  /** Apache Parquet. */
  PARQUET("parquet", ".*\\.parquet"),
  /** One JSON object per line. */
  JSON("json", ".*\\.(json|jsonl|ndjson)");

  private static final String COMPRESSION = "\\.(gz|bz2|zst|snappy|lz4|deflate)$";

  private final String word;
  private final String fileNames;

  DataFormat(String word, String fileNames) {
    this.word = word;
    this.fileNames = fileNames;
  }

  /** Spark's name for it, which is the word in configurations too. */
  public String word() {
    return word;
  }

  /** The format of that name; empty for {@code auto}. */
  static Optional<DataFormat> named(String word) {
    return Arrays.stream(values()).filter(format -> format.word.equals(word)).findFirst();
  }

  /** The format that a file's name ends with. */
  static Optional<DataFormat> ofName(String name) {
    String plain = name.toLowerCase(Locale.ROOT).replaceFirst(COMPRESSION, "");
    return Arrays.stream(values()).filter(format -> plain.matches(format.fileNames)).findFirst();
  }
}
