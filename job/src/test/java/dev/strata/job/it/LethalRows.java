package dev.strata.job.it;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/**
 * Has executors die of some rows: puts a class of the engine's before that of the jar, which writes
 * to an address that is none when the prompt of such a row enters the wave. That is a real fault of
 * the process, as native code may have it, and Strata has no place for it.
 */
final class LethalRows {

  private static final String REQUEST =
      """
      package dev.strata.udfs.engine;

      public record RowRequest(long key, PromptTokens prompt, Ask ask) {
        @Override
        public PromptTokens prompt() {
          return new PromptTokens() {
            @Override
            public int length() {
              return prompt.length();
            }

            @Override
            public void copyTo(int[] target) {
              if (java.util.Set.of(%s).contains(length())) {
                die();
              }
              prompt.copyTo(target);
            }
          };
        }

        private static void die() {
          try {
            var field = Class.forName("sun.misc.Unsafe").getDeclaredField("theUnsafe");
            field.setAccessible(true);
            var write = field.getType().getMethod("putAddress", long.class, long.class);
            write.invoke(field.get(null), 0L, 0L);
          } catch (ReflectiveOperationException e) {
            throw new IllegalStateException(e);
          }
        }
      }
      """;

  private LethalRows() {}

  /**
   * The settings of executors that die of rows whose prompts have one of these numbers of tokens.
   *
   * @param directory where classes can be
   */
  static List<String> settings(Path directory, String promptTokens) throws IOException {
    Files.writeString(directory.resolve("RowRequest.java"), REQUEST.formatted(promptTokens));
    return StandIns.settings(directory, "RowRequest.java");
  }
}
