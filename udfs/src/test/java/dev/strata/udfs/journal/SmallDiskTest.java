package dev.strata.udfs.journal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.strata.udfs.api.FinishReason;
import java.io.IOException;
import java.io.OutputStream;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.apache.hadoop.conf.Configuration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * A journal on a disk of half a megabyte that becomes full, and that nobody may write to for a
 * while: one that the kernel mounts for a JVM of its own, in namespaces of its own, for which one
 * need not be root. Where a machine allows no such mounts there is nothing to test with.
 */
@Timeout(60)
class SmallDiskTest {

  private static final RowKey A = JournalTest.key("a");
  private static final RowKey B = JournalTest.key("b");
  private static final RowKey C = JournalTest.key("c");

  @TempDir Path directory;

  private static List<String> mounting(Path disk, String then) {
    String mount = "mount -t tmpfs -o size=512k tmpfs " + disk + " && " + then;
    return List.of("unshare", "--user", "--map-root-user", "--mount", "sh", "-c", mount);
  }

  private static int run(List<String> command, Path output) throws Exception {
    try {
      Process process =
          new ProcessBuilder(command)
              .redirectErrorStream(true)
              .redirectOutput(output.toFile())
              .start();
      assertThat(process.waitFor(50, TimeUnit.SECONDS)).isTrue();
      return process.exitValue();
    } catch (IOException e) { // no such program
      return -1;
    }
  }

  @Test
  void rowsWaitForAFullDiskAndForOneThatIsReadOnly() throws Exception {
    Path disk = Files.createDirectory(directory.resolve("disk"));
    Path output = directory.resolve("output");
    assumeTrue(run(mounting(disk, "true"), output) == 0, "nobody may mount anything here");
    List<String> java = new ArrayList<>();
    java.add("exec " + Path.of(System.getProperty("java.home"), "bin", "java"));
    ManagementFactory.getRuntimeMXBean().getInputArguments().stream()
        .filter(argument -> !argument.startsWith("-javaagent"))
        .forEach(java::add);
    java.addAll(List.of("-Xmx256m", "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-cp"));
    java.add("'" + System.getProperty("java.class.path") + "'");
    java.addAll(List.of(SmallDiskTest.class.getName(), disk.toString()));
    int code = run(mounting(disk, String.join(" ", java)), output);
    assertThat(code).as(Files.readString(output)).isZero();
  }

  /** Of the JVM on the small disk. */
  public static void main(String[] arguments) throws Exception {
    new OnDisk(Path.of(arguments[0])).run();
  }

  private record OnDisk(Path disk) {

    private Journal open() throws IOException {
      return Journal.open(
          new Configuration(false),
          disk.resolve("journal").toString(),
          JournalTest.attempt(Buckets.ALL),
          Duration.ofMillis(20));
    }

    private static RowEntry row(RowKey key) {
      return new RowEntry(key, 0, new int[] {1, 2, 3}, FinishReason.STOP, null, new float[0]);
    }

    private void run() throws Exception {
      Files.createDirectory(disk.resolve("journal"));
      try (Journal journal = open()) {
        journal.add(row(A));
        awaitSegments(1);
        fill();
        journal.add(row(B));
        failsFor(journal);
        Files.delete(filler());
        awaitSegments(2);
        remount("ro");
        journal.add(row(C));
        failsFor(journal);
        remount("rw");
        awaitSegments(3);
      }
      refusesAndKeepsAll();
    }

    /** The run goes on meanwhile, and nothing half-written is left. */
    private void failsFor(Journal journal) throws Exception {
      long segments = segments();
      Thread.sleep(300);
      journal.requireWritable();
      check(segments() == segments, "a segment was written where none could be");
    }

    /** A task that begins there says so, and nothing of what is there is lost. */
    private void refusesAndKeepsAll() throws Exception {
      for (String fault : List.of("full", "ro")) {
        if (fault.equals("full")) {
          fill();
        } else {
          remount("ro");
        }
        try (Journal none = open()) {
          check(none == null, "it opened");
        } catch (IOException e) {
          System.out.println(fault + ": " + e.getMessage());
        }
        remount("rw");
        Files.deleteIfExists(filler());
        try (Journal next = open()) {
          for (RowKey key : List.of(A, B, C)) {
            check(row(key).equals(next.find(key)), "a row is lost by " + fault);
          }
        }
      }
    }

    private Path filler() {
      return disk.resolve("filler");
    }

    private void fill() throws IOException {
      try (OutputStream out = Files.newOutputStream(filler())) {
        while (true) {
          out.write(new byte[256]);
        }
      } catch (IOException e) {
        check(e.getMessage().contains("space"), e.getMessage());
      }
    }

    private void remount(String how) throws Exception {
      int code =
          new ProcessBuilder("mount", "-o", "remount," + how, disk.toString()).start().waitFor();
      check(code == 0, "it cannot be mounted " + how);
    }

    private long segments() throws IOException {
      try (Stream<Path> files = Files.list(disk.resolve("journal"))) {
        return files.filter(file -> file.toString().endsWith(".arrow")).count();
      }
    }

    private void awaitSegments(int count) throws Exception {
      for (int i = 0; i < 1000 && segments() < count; i++) {
        Thread.sleep(10);
      }
      check(segments() == count, segments() + " segments, not " + count);
    }

    private static void check(boolean holds, String otherwise) {
      if (!holds) {
        throw new AssertionError(otherwise);
      }
    }
  }
}
