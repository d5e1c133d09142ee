package dev.strata.udfs.spark;

import dev.strata.udfs.text.ModelText;
import dev.strata.udfs.text.RenderedPrompt;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * The tokens of answers to prompts, each with the token that ends it, since one that begins another
 * would always be the likelier.
 */
final class Continuations {

  /** So many chars of a prompt's end decide how an answer behind it begins. */
  private static final int TAIL_CHARS = 24;

  private final ModelText text;
  private final int[] end;
  private final Map<String, int[]> known = new HashMap<>();

  /**
   * @param end the token that ends an answer, or none
   */
  Continuations(ModelText text, int[] end) {
    this.text = text;
    this.end = end;
  }

  List<int[]> of(RowPrompt prompt, List<String> answers) {
    String rendered = prompt.rendered(text).text();
    String tail = rendered.substring(Math.max(0, rendered.length() - TAIL_CHARS));
    List<int[]> all = new ArrayList<>();
    for (String answer : answers) {
      all.add(known.computeIfAbsent(tail + "\0" + answer, key -> tokens(tail, answer)));
    }
    return all;
  }

  private int[] tokens(String tail, String answer) {
    int[] before = text.encode(new RenderedPrompt(tail, false));
    int[] both = text.encode(new RenderedPrompt(tail + answer, false));
    boolean continues =
        both.length > before.length
            && Arrays.equals(before, 0, before.length, both, 0, before.length);
    int[] own =
        continues
            ? Arrays.copyOfRange(both, before.length, both.length)
            : text.encode(new RenderedPrompt(answer, false));
    int[] tokens = Arrays.copyOf(own, own.length + end.length);
    System.arraycopy(end, 0, tokens, own.length, end.length);
    return tokens;
  }
}
