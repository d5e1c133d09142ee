package dev.strata.job.openai;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.charset.StandardCharsets;

/**
 * Texts of JSON as Spark's reader of JSON has them: an escape such as {@code \\ud83d} that is half
 * of a character becomes a question mark.
 */
final class UnicodeText {

  private UnicodeText() {}

  /** The text that a node holds, or null if it holds none. */
  static String of(JsonNode node) {
    String text = node.textValue();
    return text == null || text.chars().noneMatch(UnicodeText::isSurrogate)
        ? text
        : new String(text.getBytes(StandardCharsets.UTF_8), StandardCharsets.UTF_8);
  }

  private static boolean isSurrogate(int unit) {
    return Character.isSurrogate((char) unit);
  }
}
