package dev.strata.udfs.store;

import dev.strata.udfs.api.StrataException;
import java.io.IOException;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Map;

/** Files that are read again and again, and have to stay what they were. */
final class WatchedFiles {

  private final ModelFiles files;
  private final Map<String, FileState> known;

  private WatchedFiles(ModelFiles files, Map<String, FileState> known) {
    this.files = files;
    this.known = known;
  }

  /** Remembers files as they are now. */
  static WatchedFiles of(ModelFiles files, List<String> names) throws IOException {
    return new WatchedFiles(files, files.states(names));
  }

  /** What they were, by name. */
  Map<String, FileState> known() {
    return known;
  }

  /**
   * Looks at the files again.
   *
   * @throws StrataException if one was changed, replaced or removed
   * @throws IOException if they cannot be looked at
   */
  void requireUnchanged() throws IOException {
    Map<String, FileState> now = files.states(known.keySet());
    known.forEach((name, before) -> requireSame(name, before, now.get(name)));
  }

  private void requireSame(String name, FileState before, FileState now) {
    if (!before.equals(now)) {
      throw StrataException.model(
          "%s was %s while it was in use; leave a model alone while runs read it, and start again",
          files.path(name), difference(before, now));
    }
  }

  private static String difference(FileState before, FileState now) {
    if (now == null) {
      return "removed";
    }
    if (now.length() != before.length()) {
      return String.format("changed (from %d to %d bytes)", before.length(), now.length());
    }
    return now.modified() == before.modified()
        ? "replaced"
        : String.format("changed (at %s)", time(now.modified()));
  }

  private static Instant time(long nanos) {
    return Instant.EPOCH.plusNanos(nanos).truncatedTo(ChronoUnit.SECONDS);
  }
}
