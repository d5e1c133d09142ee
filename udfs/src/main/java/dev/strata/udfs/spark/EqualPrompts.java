package dev.strata.udfs.spark;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Prompts that are asked once though several rows ask them: their tokens, how their answers are
 * chosen and their seeds are equal, so their answers are. Recent answers are kept, as many as have
 * {@link #MOST_CHARS} chars.
 */
final class EqualPrompts {

  /** The most chars of answers that are kept, each counted for its own cost as well. */
  static final long MOST_CHARS = 8 << 20;

  private static final int COST_OF_ONE = 200;

  /** A question that waits for the answer to an equal one. */
  record Waiting(PendingRows.Pending row, int question) {}

  private final Map<String, List<Waiting>> open = new HashMap<>();
  private final Map<String, Answer> answers = new LinkedHashMap<>(16, 0.75f, true);
  private long chars;

  /** The answer, or null if it is not known. */
  Answer answer(String key) {
    return answers.get(key);
  }

  /** Waits for the answer if an equal prompt is asked already; else this one is to be asked. */
  boolean waits(String key, Waiting question) {
    List<Waiting> waiting = open.get(key);
    if (waiting == null) {
      open.put(key, new ArrayList<>());
      return false;
    }
    waiting.add(question);
    return true;
  }

  /** Takes the answer, and returns those that waited for it. */
  List<Waiting> answered(String key, Answer answer) {
    if (answer.completion().error() == null) { // what an engine could not do it may do later
      answers.put(key, answer);
      chars += cost(answer);
      forget();
    }
    return open.remove(key);
  }

  private void forget() {
    Iterator<Answer> oldest = answers.values().iterator();
    while (chars > MOST_CHARS) {
      chars -= cost(oldest.next());
      oldest.remove();
    }
  }

  private static long cost(Answer answer) {
    return (long) COST_OF_ONE + size(answer);
  }

  private static int size(Answer answer) {
    String text = answer.completion().text();
    return answer.values().length * Float.BYTES + (text == null ? 0 : text.length());
  }
}
