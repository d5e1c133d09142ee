package dev.strata.udfs.engine;

import com.google.gson.Gson;
import com.google.gson.annotations.SerializedName;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/**
 * What Hugging Face transformers computed for a checkpoint, in float32 on a CPU: {@code
 * expected.json}.
 */
record Golden(String family, @SerializedName("model_type") String modelType, List<Case> cases) {

  /**
   * One prompt.
   *
   * @param prompt token ids
   * @param lastLogits after the prompt's last token
   * @param tokenLogprobs of each prompt token but the first, given those before it
   * @param greedy the tokens that greedy decoding gives
   * @param greedyMargin between the best logit and the second, at each of them
   */
  record Case(
      List<Integer> prompt,
      @SerializedName("last_logits") List<Float> lastLogits,
      @SerializedName("token_logprobs") List<Double> tokenLogprobs,
      List<Integer> greedy,
      @SerializedName("greedy_margin") List<Double> greedyMargin) {}

  static Golden read(Path directory) {
    try {
      return new Gson()
          .fromJson(Files.readString(directory.resolve("expected.json")), Golden.class);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
