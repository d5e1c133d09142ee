package dev.strata.job.reliability;

import dev.strata.job.Demo;
import dev.strata.job.it.StandIns;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/**
 * Takes down every token that executors generate, at once and for good, whatever becomes of them: a
 * line more in a class of the engine's, which stands before that of the jar. Each sweep takes a
 * while longer, as one of a large model does.
 *
 * @param directory where the classes are, and what was taken down
 */
record Witness(Path directory) {

  /** A generated token. */
  record Token(long process, long row, int position, long millis) {}

  private static final int BYTES = Long.BYTES + Integer.BYTES + Long.BYTES;
  private static final String ENGINE = "udfs/src/main/java/dev/strata/udfs/engine/";
  private static final String APPENDED = "    sequence.append(token);\n";
  private static final String SWEPT = "    int chosen = 0;\n";

  private static final String NOTES =
      """
      package dev.strata.udfs.engine;

      final class WitnessNotes {
        private static final java.io.FileOutputStream OUT = open();

        private static java.io.FileOutputStream open() {
          try {
            return new java.io.FileOutputStream("%s/" + ProcessHandle.current().pid() + ".tokens", true);
          } catch (java.io.IOException e) {
            throw new java.io.UncheckedIOException(e);
          }
        }

        static void appended(Sequence row) {
          var prompt = java.util.Arrays.copyOf(row.tokens(), row.promptLength());
          long name = 31L * java.util.Arrays.hashCode(prompt) + prompt.length;
          var note = java.nio.ByteBuffer.allocate(20).putLong(name);
          note.putInt(row.length() - 1 - row.promptLength()).putLong(System.currentTimeMillis());
          try {
            OUT.write(note.array());
          } catch (java.io.IOException e) {
            throw new java.io.UncheckedIOException(e);
          }
        }

        static void swept() {
          java.util.concurrent.locks.LockSupport.parkNanos(%d_000_000L);
        }
      }
      """;

  /**
   * @param sweepMillis how much longer a sweep takes
   */
  static Witness in(Path directory, int sweepMillis) throws IOException {
    Files.createDirectories(directory);
    Files.writeString(
        directory.resolve("WitnessNotes.java"), NOTES.formatted(directory, sweepMillis));
    String chooser = Files.readString(Demo.ROOT.resolve(ENGINE + "TokenChooser.java"));
    Files.writeString(
        directory.resolve("TokenChooser.java"),
        with(
            with(chooser, APPENDED, "    WitnessNotes.appended(sequence);\n"),
            SWEPT,
            "    WitnessNotes.swept();\n"));
    return new Witness(directory);
  }

  private static String with(String source, String line, String more) {
    if (source.indexOf(line) < 0 || source.indexOf(line) != source.lastIndexOf(line)) {
      throw new IllegalStateException("there is no place for " + more);
    }
    return source.replace(line, line + more);
  }

  /** The settings of executors that are watched. */
  List<String> settings() throws IOException {
    return StandIns.settings(directory, "WitnessNotes.java", "TokenChooser.java");
  }

  /** How many tokens were generated so far, those that were generated twice among them. */
  long count() {
    return files().stream().mapToLong(file -> file.toFile().length() / BYTES).sum();
  }

  /** All tokens, by processes and in the order of their generation. */
  List<Token> tokens() throws IOException {
    List<Token> tokens = new ArrayList<>();
    for (Path file : files()) {
      long process = Long.parseLong(file.getFileName().toString().replace(".tokens", ""));
      ByteBuffer notes = ByteBuffer.wrap(Files.readAllBytes(file));
      while (notes.remaining() >= BYTES) {
        tokens.add(new Token(process, notes.getLong(), notes.getInt(), notes.getLong()));
      }
    }
    return tokens;
  }

  private List<Path> files() {
    try (Stream<Path> files = Files.list(directory)) {
      return files.filter(file -> file.toString().endsWith(".tokens")).toList();
    } catch (IOException e) {
      throw new java.io.UncheckedIOException(e);
    }
  }
}
