package dev.strata.udfs.engine;

import java.util.Comparator;
import java.util.Map;
import java.util.stream.Collectors;

/** What all threads of the process are at. */
public final class ThreadStacks {

  private ThreadStacks() {}

  /** Their stacks, by their names, for a log. */
  public static String describe() {
    return Thread.getAllStackTraces().entrySet().stream()
        .sorted(Comparator.comparing(thread -> thread.getKey().getName()))
        .map(ThreadStacks::describe)
        .collect(Collectors.joining());
  }

  private static String describe(Map.Entry<Thread, StackTraceElement[]> thread) {
    StringBuilder text = new StringBuilder();
    text.append("\"%s\" %s%n".formatted(thread.getKey().getName(), thread.getKey().getState()));
    for (StackTraceElement frame : thread.getValue()) {
      text.append("    at ").append(frame).append(System.lineSeparator());
    }
    return text.toString();
  }
}
