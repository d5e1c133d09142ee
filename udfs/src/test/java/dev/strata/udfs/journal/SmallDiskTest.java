package dev.strata.udfs.journal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.strata.udfs.api.FinishReason;
import java.io.IOException;
import java.io.OutputStream;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.apache.hadoop.conf.Configuration;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * A journal on a disk of half a megabyte that becomes full, and that nobody may write to for a
 * while: one that the kernel mounts for a JVM of its own, in namespaces of its own, for which one
 * need not be root. Where a machine allows no such mounts there is nothing to test with.
 */
@Timeout(240)
class SmallDiskTest {

  private static final RowKey A = JournalTest.key("a");
  private static final RowKey B = JournalTest.key("b");

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
      assertThat(process.waitFor(110, TimeUnit.SECONDS)).isTrue();
      return process.exitValue();
    } catch (IOException e) { // no such program
      return -1;
    }
  }

  /** What a machine may allow, the first that needs less: some mount, but do not mount again. */
  @ParameterizedTest
  @ValueSource(strings = {"full", "ro"})
  void rowsWaitForADisk(String fault) throws Exception {
    Path disk = Files.createDirectory(directory.resolve("disk"));
    Path output = directory.resolve("output");
    String allowed =
        fault.equals("ro") ? remount("ro", disk) + " && " + remount("rw", disk) : "true";
    assumeTrue(run(mounting(disk, allowed), output) == 0, "nobody may mount so here");
    List<String> java = new ArrayList<>();
    java.add("exec " + Path.of(System.getProperty("java.home"), "bin", "java"));
    ManagementFactory.getRuntimeMXBean().getInputArguments().stream()
        .filter(argument -> !argument.startsWith("-javaagent"))
        .forEach(java::add);
    java.addAll(List.of("-Xmx256m", "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC"));
    java.addAll(List.of("-Dlog4j2.level=warn", "-cp"));
    java.add("'" + System.getProperty("java.class.path") + "'");
    java.addAll(List.of(SmallDiskTest.class.getName(), disk.toString(), fault));
    int code = run(mounting(disk, String.join(" ", java)), output);
    assertThat(code).as(Files.readString(output)).isZero();
  }

  private static String remount(String how, Path disk) {
    return "mount -o remount," + how + " " + disk;
  }

  /** Of the JVM on the small disk. */
  public static void main(String[] arguments) throws Exception {
    new OnDisk(Path.of(arguments[0]), arguments[1]).run();
  }

  private record OnDisk(Path disk, String fault) {

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
        awaitRows(1);
        begin();
        journal.add(row(B));
        failsFor(journal);
        end();
        awaitRows(2);
      }
      refusesAndKeepsAll();
    }

    private void begin() throws Exception {
      if (fault.equals("full")) {
        fill();
      } else {
        remount("ro");
      }
    }

    private void end() throws Exception {
      if (fault.equals("full")) {
        Files.delete(filler());
      } else {
        remount("rw");
      }
    }

    /** The run goes on meanwhile, and nothing half-written is left. */
    private void failsFor(Journal journal) throws Exception {
      Thread.sleep(300);
      journal.requireWritable();
      check(rows() == 1, "a row was written where none could be");
    }

    /** A task that begins there says so, and nothing of what is there is lost. */
    private void refusesAndKeepsAll() throws Exception {
      begin();
      try (Journal opened = open()) {
        check(false, "it opened, with " + opened.find(A));
      } catch (IOException e) {
        System.out.println(fault + ": " + e.getMessage());
      }
      end();
      try (Journal next = open()) {
        for (RowKey key : List.of(A, B)) {
          check(row(key).equals(next.find(key)), "a row is lost");
        }
      }
    }

    private Path filler() {
      return disk.resolve("filler");
    }

    /** Until nothing fits for a while: the journal may still take leave of a file. */
    private void fill() throws Exception {
      for (int i = 0; i < 10; i++) {
        if (fillUp() > 0) {
          i = 0;
        }
        Thread.sleep(20);
      }
    }

    private int fillUp() throws IOException {
      int blocks = 0;
      try (OutputStream out =
          Files.newOutputStream(filler(), StandardOpenOption.CREATE, StandardOpenOption.APPEND)) {
        while (true) {
          out.write(new byte[256]);
          blocks++;
        }
      } catch (IOException e) {
        check(e.getMessage().contains("space"), e.getMessage());
        return blocks;
      }
    }

    /** Which the kernel does not do while a file is open. */
    private void remount(String how) throws Exception {
      String command = SmallDiskTest.remount(how, disk);
      for (int i = 0; i < 100; i++) {
        if (new ProcessBuilder("sh", "-c", command).start().waitFor() == 0) {
          return;
        }
        Thread.sleep(50);
      }
      check(false, "it cannot be mounted " + how);
    }

    /** Of segments that are whole: one that is being written is a file already. */
    private int rows() throws IOException {
      return JournalContents.read(new Configuration(false), disk.resolve("journal").toString())
          .map(contents -> contents.rows().size())
          .orElse(0);
    }

    private void awaitRows(int count) throws Exception {
      for (int i = 0; i < 4000 && rows() < count; i++) {
        Thread.sleep(10);
      }
      check(rows() == count, rows() + " rows are written, not " + count);
    }

    private static void check(boolean holds, String otherwise) {
      if (!holds) {
        throw new AssertionError(otherwise);
      }
    }
  }
}
