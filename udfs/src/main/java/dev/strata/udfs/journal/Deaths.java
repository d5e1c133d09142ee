package dev.strata.udfs.journal;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * The processes that died while rows of some buckets were in them. What is known of a row is read
 * from the files with rows in flight, which nobody removed, and the notes of how those processes
 * ended. Without a note, as where a driver was killed, nothing speaks against a row.
 */
final class Deaths {

  /** A driver hears of a death a moment before it has the task tried again. */
  private static final long LONGEST_WAIT_MILLIS = 3000;

  private static final long POLL_MILLIS = 50;

  private final Scene scene;
  private final Map<RowKey, Suspicion> suspicions = new HashMap<>();

  private Deaths(Scene scene) {
    this.scene = scene;
  }

  /**
   * Reads what speaks against the rows of an attempt, and removes what can speak against none.
   *
   * @throws IOException if the directory cannot be read
   */
  static Deaths read(JournalDirectory directory, Attempt attempt) throws IOException {
    Scene scene = Scene.of(directory.names());
    long end = System.nanoTime() + LONGEST_WAIT_MILLIS * 1_000_000;
    while (attempt.isRetry() && scene.isUnexplainedTo(attempt) && System.nanoTime() < end) {
      pause();
      scene = Scene.of(directory.names());
    }
    Deaths deaths = of(directory, scene, attempt.buckets());
    scene.innocent(attempt).forEach(rows -> directory.delete(rows.toString()));
    return deaths;
  }

  /** Reads what speaks against any row, and changes nothing. */
  static Deaths look(JournalDirectory directory, List<String> names) throws IOException {
    return of(directory, Scene.of(names), Buckets.ALL);
  }

  private static Deaths of(JournalDirectory directory, Scene scene, Buckets buckets)
      throws IOException {
    Deaths deaths = new Deaths(scene);
    for (DeathNote note : scene.faults()) {
      deaths.add(directory, scene, note, buckets);
    }
    return deaths;
  }

  private static void pause() throws IOException {
    try {
      Thread.sleep(POLL_MILLIS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException("interrupted while the journal was read", e);
    }
  }

  private void add(JournalDirectory directory, Scene scene, DeathNote note, Buckets buckets)
      throws IOException {
    Set<RowKey> keys = new HashSet<>();
    for (List<InFlightName> files : scene.inFlight().values()) {
      if (files.get(0).isOf(note.jvm()) && files.get(0).buckets().overlaps(buckets)) {
        keys.addAll(keys(directory, files));
      }
    }
    int together = scene.rowsIn(note.jvm()::equals);
    keys.forEach(key -> suspicions.put(key, of(key).plus(together, note.code())));
  }

  /** Those of the last file that was written whole: a process may have died as it wrote. */
  private static Set<RowKey> keys(JournalDirectory directory, List<InFlightName> files)
      throws IOException {
    Set<RowKey> keys = new HashSet<>();
    for (InFlightName name : files) {
      Optional<byte[]> bytes = directory.read(name.toString());
      if (bytes.isPresent() && name.isOf(bytes.get())) {
        ByteBuffer left = ByteBuffer.wrap(bytes.get());
        while (left.hasRemaining()) {
          keys.add(RowKey.read(left));
        }
        break;
      }
    }
    return keys;
  }

  /** How processes ended. */
  Collection<DeathNote> notes() {
    return scene.notes().values();
  }

  /** How many rows were in processes of whose end nobody has told. */
  int rowsInFlight() {
    return scene.rowsIn(jvm -> !scene.notes().containsKey(jvm));
  }

  /** What speaks against rows, of each against which something does. */
  Collection<Suspicion> all() {
    return suspicions.values();
  }

  /** What speaks against a row. */
  Suspicion of(RowKey key) {
    return suspicions.getOrDefault(key, Suspicion.NONE);
  }

  /**
   * What files say by their names.
   *
   * @param inFlight those of each attempt, the last first
   * @param notes by process
   */
  private record Scene(Map<String, List<InFlightName>> inFlight, Map<String, DeathNote> notes) {

    static Scene of(List<String> names) {
      Map<String, List<InFlightName>> inFlight =
          names.stream()
              .flatMap(name -> InFlightName.parse(name).stream())
              .sorted(Comparator.comparingLong(InFlightName::sequence).reversed())
              .collect(Collectors.groupingBy(InFlightName::attempt));
      Map<String, DeathNote> notes =
          names.stream()
              .flatMap(name -> DeathNote.parse(name).stream())
              .collect(Collectors.toMap(DeathNote::jvm, Function.identity(), (a, b) -> a));
      return new Scene(inFlight, notes);
    }

    private Stream<InFlightName> all() {
      return inFlight.values().stream().flatMap(List::stream);
    }

    /** Whether rows of the attempt's may have been in a process of whose end nobody has told. */
    boolean isUnexplainedTo(Attempt attempt) {
      return all()
          .filter(rows -> rows.buckets().overlaps(attempt.buckets()))
          .anyMatch(rows -> !notes.containsKey(rows.jvm()) && !rows.isOf(attempt.jvm()));
    }

    /**
     * What speaks against no row, and is of no other attempt's: what was in a process that was
     * taken away, or that an earlier application had and nobody told of.
     */
    List<InFlightName> innocent(Attempt attempt) {
      return all()
          .filter(rows -> attempt.buckets().contains(rows.buckets()))
          .filter(rows -> isInnocent(notes.get(rows.jvm()), attempt))
          .toList();
    }

    private static boolean isInnocent(DeathNote note, Attempt attempt) {
      return note == null ? !attempt.isRetry() : !note.isFault();
    }

    List<DeathNote> faults() {
      return notes.values().stream().filter(DeathNote::isFault).toList();
    }

    /** The rows of all tasks that were in some processes. */
    int rowsIn(Predicate<String> jvms) {
      return inFlight.values().stream()
          .map(files -> files.get(0))
          .filter(rows -> jvms.test(rows.jvm()))
          .mapToInt(InFlightName::rows)
          .sum();
    }
  }
}
