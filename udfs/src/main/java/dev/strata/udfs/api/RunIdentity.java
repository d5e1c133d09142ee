package dev.strata.udfs.api;

import java.io.Serializable;
import java.util.ArrayList;
import java.util.List;

/**
 * What all rows of a run have in common, as digests: two runs with equal identities give a row the
 * same completion.
 *
 * @param model the digest of the model's files
 * @param prompt the digest of how rows become conversations
 * @param options the digest of sampling options and seed
 */
public record RunIdentity(String model, String prompt, String options) implements Serializable {

  private static final String SEPARATOR = "-";

  /** Reads what {@link #toString} wrote. */
  public static RunIdentity parse(String text) {
    String[] parts = text.split(SEPARATOR, -1);
    if (parts.length != 3) {
      throw new IllegalArgumentException("not the identity of a run: " + text);
    }
    return new RunIdentity(parts[0], parts[1], parts[2]);
  }

  /** What differs, in words such as {@code prompt}; empty if nothing does. */
  public List<String> differences(RunIdentity other) {
    List<String> different = new ArrayList<>();
    if (!model.equals(other.model)) {
      different.add("model");
    }
    if (!prompt.equals(other.prompt)) {
      different.add("prompt");
    }
    if (!options.equals(other.options)) {
      different.add("options");
    }
    return different;
  }

  @Override
  public String toString() {
    return String.join(SEPARATOR, model, prompt, options);
  }
}
