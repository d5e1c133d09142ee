package dev.strata.job.cli;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/**
 * Tells the launcher script that this JVM has begun, and that it ends by itself. Where the second
 * word does not come, a signal has ended it: nobody else could say so.
 */
final class EndNotice {

  /** Set by the launcher: a descriptor's number, and what it leads to. */
  private static final String PIPE = "STRATA_END_PIPE";

  private EndNotice() {}

  static void give() {
    String[] named = System.getenv().getOrDefault(PIPE, "").split(" ", -1);
    if (named.length != 2) {
      return;
    }
    Path pipe = Path.of("/proc/self/fd", named[0]);
    if (leadsTo(pipe, named[1])) {
      write(pipe, "begun\n");
      Runtime.getRuntime().addShutdownHook(new Thread(() -> write(pipe, "ended\n")));
    }
  }

  /** In a JVM that the script did not start itself, the number is another file's. */
  private static boolean leadsTo(Path descriptor, String expected) {
    try {
      return Files.readSymbolicLink(descriptor).toString().equals(expected);
    } catch (IOException | UnsupportedOperationException e) {
      return false;
    }
  }

  private static void write(Path pipe, String word) {
    try {
      Files.write(pipe, word.getBytes(StandardCharsets.UTF_8), StandardOpenOption.WRITE);
    } catch (IOException e) {
      return; // nobody listens any more
    }
  }
}
