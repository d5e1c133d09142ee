package dev.strata.udfs.spark;

import dev.strata.udfs.api.Sha256;
import dev.strata.udfs.model.FileNames;
import dev.strata.udfs.model.WeightSpec;
import dev.strata.udfs.store.Checkpoint;
import dev.strata.udfs.store.FileState;
import dev.strata.udfs.store.Weight;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * The digest of a model, wherever it lies: its small files, and some bytes of every tensor, because
 * a model that was trained further differs in its numbers alone.
 */
final class ModelIdentity {

  private static final List<String> FILES =
      List.of(
          "config.json",
          "generation_config.json",
          "tokenizer.json",
          "tokenizer_config.json",
          "special_tokens_map.json",
          "chat_template.jinja");

  private static final int SAMPLE_BYTES = 256;

  private ModelIdentity() {}

  /**
   * What each file is, by its name in messages: a digest of a small one, length and time of one
   * with weights.
   */
  static Map<String, String> files(Checkpoint checkpoint, int digits) throws IOException {
    Map<String, String> files = new TreeMap<>();
    for (String name : FILES) {
      checkpoint
          .files()
          .find(name)
          .ifPresent(
              bytes -> files.put("the model's " + name, new Sha256().add(bytes).hex(digits)));
    }
    checkpoint
        .shardStates()
        .forEach((name, state) -> files.put("the model's " + name, told(state)));
    return files;
  }

  private static String told(FileState state) {
    Instant modified = Instant.EPOCH.plusNanos(state.modified());
    return "%d bytes of %s".formatted(state.length(), modified);
  }

  static String of(Checkpoint checkpoint, int digits) throws IOException {
    Sha256 digest = new Sha256();
    for (String name : FILES) {
      digest.add(name).add(checkpoint.files().find(name).orElse(new byte[0]));
    }
    for (String name : checkpoint.files().templates()) {
      String file = FileNames.template(name);
      digest.add(file).add(checkpoint.files().find(file).orElse(new byte[0]));
    }
    for (WeightSpec spec : checkpoint.spec().weights()) {
      Weight weight = checkpoint.weight(spec);
      digest.add(spec.name()).add(weight.type()).add(sample(checkpoint, weight));
    }
    return digest.hex(digits);
  }

  /** Bytes from the middle: the first row may be that of a token nobody uses. */
  private static byte[] sample(Checkpoint checkpoint, Weight weight) throws IOException {
    ByteBuffer sample = ByteBuffer.allocate((int) Math.min(SAMPLE_BYTES, weight.bytes()));
    checkpoint.read(weight, (weight.bytes() - sample.capacity()) / 2, sample);
    return sample.array();
  }
}
