package dev.strata.udfs.text;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import dev.strata.udfs.api.StrataException;
import java.util.List;

/**
 * How many tokens may be added to a vocabulary, and how long they may be. The tokenizers library
 * compares each with each, and builds a search for all of them in a time that goes with the square
 * of the length of one that repeats itself.
 */
final class AddedTokenLimits {

  /** The most chars of a token; those of published tokenizers have up to 31. */
  static final int MOST_CHARS = 256;

  /** Speech models add 65,536 tokens, which takes the library a minute. */
  static final int MOST_TOKENS = 70_000;

  /** The most of the sum of squares of their lengths, which takes up to a second. */
  private static final long MOST_SQUARES = 1L << 27;

  /** Longer ones are too long however few they are. */
  private static final int MOST_LENGTH = 1 << 14;

  private static final int SHOWN_CHARS = 60;

  private AddedTokenLimits() {}

  /**
   * Checks a token's text.
   *
   * @param file the file that has it, for messages
   * @throws StrataException if it is too long
   */
  static String require(String content, String file) {
    if (content.length() > MOST_CHARS) {
      throw StrataException.model(
          "%s cannot be used: its token '%s…' has %,d characters, more than the %d that a token may"
              + " have; take it out or make it shorter",
          file, content.substring(0, SHOWN_CHARS), content.length(), MOST_CHARS);
    }
    return content;
  }

  /**
   * Checks all of them together.
   *
   * @param normalizer what makes them longer that are normalized
   */
  static void require(List<JsonElement> tokens, NormalizerSteps normalizer, TokenizerJson json) {
    long squares = 0;
    for (JsonElement element : tokens) {
      JsonObject token = element.getAsJsonObject();
      String own = require(token.get("content").getAsString(), json.file());
      long length = isNormalized(token) ? normalizer.of(own, MOST_LENGTH).length() : own.length();
      squares += length * length;
    }
    if (tokens.size() > MOST_TOKENS) {
      throw json.unusable(
          "it adds %,d tokens to the vocabulary, more than the %,d that are compared with each other"
                  .formatted(tokens.size(), MOST_TOKENS)
              + " in time; put them into the model's vocabulary");
    }
    if (squares > MOST_SQUARES) {
      throw json.unusable(
          ("the %,d tokens that it adds to the vocabulary are too long together: the squares of"
                  + " their lengths sum up to %,d, more than %,d; take some out or make them shorter")
              .formatted(tokens.size(), squares, MOST_SQUARES));
    }
  }

  private static boolean isNormalized(JsonObject token) {
    JsonElement normalized = token.get("normalized");
    return normalized != null && normalized.isJsonPrimitive() && normalized.getAsBoolean();
  }
}
