package dev.strata.job.dataset;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.apache.commons.io.FileUtils;
import org.apache.hadoop.fs.RawLocalFileSystem;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What becomes of an output whose run is killed at any moment, where no rename is atomic. */
class NewDirectoryTest {

  private static final List<String> OLD = List.of("_SUCCESS", "k=1/part-0", "part-1", "part-2");
  private static final List<String> NEW = List.of("_SUCCESS", "k=2/part-0", "part-1", "part-3");

  /** More than a recovery makes. */
  private static final int MOST_CHANGES = 28;

  /** All moments of a second kill take a minute, and are all looked at with this alone. */
  private static final int STEP = Boolean.getBoolean("strata.long") ? 1 : 9;

  @TempDir Path root;
  private Path directory;

  @AfterEach
  void killNobody() {
    CopyingFiles.killNobody();
  }

  /** Something that may be killed. */
  private interface Work {
    void run() throws IOException;
  }

  /** Returns whether it came to its end before so many changes. */
  private static boolean ends(int changes, Work work) throws IOException {
    CopyingFiles.killAfter(changes);
    try {
      work.run();
      return true;
    } catch (CopyingFiles.Killed e) {
      return false;
    } finally {
      CopyingFiles.killNobody();
    }
  }

  /** A directory with an old output, and beside it a new one. */
  private NewDirectory written(boolean hasOld) throws IOException {
    NewDirectory beside = NewDirectory.of(CopyingFiles.open(), target());
    for (String file : hasOld ? OLD : List.<String>of()) {
      write(directory.resolve("out").resolve(file), "old " + file);
    }
    for (String file : NEW) {
      write(Path.of(beside.path().toUri().getPath()).resolve(file), "new " + file);
    }
    return beside;
  }

  private org.apache.hadoop.fs.Path target() {
    return new org.apache.hadoop.fs.Path("copy:" + directory.resolve("out"));
  }

  private static void write(Path file, String text) throws IOException {
    Files.createDirectories(file.getParent());
    Files.writeString(file, text);
  }

  private void recover() throws IOException {
    NewDirectory.recover(CopyingFiles.open(), target());
  }

  @Test
  void atEachMomentThereIsNoOutputOrAWholeOne() throws IOException {
    boolean ended = false;
    for (int changes = 0; !ended; changes++) {
      ended = isOneOfBothAfter(changes, Integer.MAX_VALUE, false);
    }
  }

  /** The next run is killed as well, and the one after that is not. */
  @Test
  void atEachMomentThereIsTheOldOutputOrTheNew() throws IOException {
    for (int first = 0; !isOneOfBothAfter(first, Integer.MAX_VALUE, true); first++) {
      for (int second = first % STEP; second < MOST_CHANGES; second += STEP) {
        isOneOfBothAfter(first, second, true);
      }
    }
  }

  /** Returns whether the first of the runs came to its end. */
  private boolean isOneOfBothAfter(int first, int second, boolean hasOld) throws IOException {
    directory = Files.createDirectory(root.resolve("output"));
    NewDirectory beside = written(hasOld);
    boolean ended = ends(first, beside::replaceTarget);
    Set<String> expected = rowsAsToldOf();
    assertThat(expected).isIn(contents("old", hasOld ? OLD : List.of()), contents("new", NEW));
    ends(second, this::recover);
    assertThat(rowsAsToldOf()).as("%d, %d", first, second).isEqualTo(expected);
    recover();
    assertThat(rows(directory.resolve("out")))
        .as("killed after %d changes, then after %d", first, second)
        .isEqualTo(expected);
    assertThat(directory.toFile().list()).isSubsetOf("out");
    FileUtils.deleteDirectory(directory.toFile());
    return ended;
  }

  @Test
  void atEachMomentAllIsAddedOrNothing() throws IOException {
    boolean ended = false;
    for (int first = 0; !ended; first++) {
      directory = Files.createDirectory(root.resolve("output"));
      write(directory.resolve("out/part-0"), "old part-0");
      AddedFiles added = AddedFiles.to(CopyingFiles.open(), target());
      for (String file : List.of("part-1", "k=1/part-2", "part-3")) {
        write(Path.of(added.path().toUri().getPath()).resolve(file), "new " + file);
      }
      ended = ends(first, added::add);
      OutputPlace.claim(CopyingFiles.configuration(), target().toString(), "app-1").close();
      Set<String> all = contents("new", List.of("part-1", "k=1/part-2", "part-3"));
      all.add("old part-0");
      assertThat(rows(directory.resolve("out")))
          .as("killed after %d changes", first)
          .isIn(contents("old", List.of("part-0")), all);
      assertThat(directory.toFile().list()).containsExactly("out");
      FileUtils.deleteDirectory(directory.toFile());
    }
  }

  /** The copy of a file may be stopped half way where a rename copies its bytes. */
  @Test
  void halfOfAFileIsMovedAgain() throws IOException {
    directory = root;
    for (String kind : List.of("new-1/part-0", "whole-1/x", "moving-1/x")) {
      write(directory.resolve(".out." + kind), "all of it");
    }
    write(directory.resolve("out/part-0"), "half");
    recover();
    assertThat(directory.resolve("out/part-0")).hasContent("all of it");
  }

  @Test
  void aMarkByItselfChangesNothing() throws IOException {
    directory = root;
    write(directory.resolve("out/part-0"), "rows");
    for (String mark : List.of("whole", "moving")) {
      Files.createDirectory(directory.resolve(".out." + mark + "-1"));
      recover();
      assertThat(directory.toFile().list()).containsExactly("out");
      assertThat(directory.resolve("out/part-0")).exists();
    }
  }

  /** As where a signal comes while the run replaces its output, or just before. */
  @Test
  void oneOfTwoThreadsHasIt() throws IOException {
    directory = root;
    NewDirectory discarded = written(true);
    discarded.discard();
    assertThatThrownBy(discarded::replaceTarget).hasMessageContaining("was removed");
    assertThat(rows(directory.resolve("out"))).isEqualTo(contents("old", OLD));
    NewDirectory kept = written(true);
    assertThat(ends(3, kept::replaceTarget)).isFalse();
    kept.discard();
    recover();
    assertThat(rows(directory.resolve("out"))).isEqualTo(contents("new", NEW));
  }

  @Test
  void nothingTakesThePlaceOfWhatCannotBeRemoved() throws IOException {
    directory = root.resolve("a[1]{2}*");
    NewDirectory written = written(true);
    RawLocalFileSystem stubborn =
        new RawLocalFileSystem() {
          @Override
          public boolean delete(org.apache.hadoop.fs.Path path, boolean recursive) {
            return false;
          }

          @Override
          public boolean rename(org.apache.hadoop.fs.Path from, org.apache.hadoop.fs.Path to) {
            return false;
          }
        };
    stubborn.initialize(URI.create("file:///"), CopyingFiles.configuration());
    var out = new org.apache.hadoop.fs.Path("file:" + directory.resolve("out"));
    NewDirectory beside = NewDirectory.of(stubborn, out);
    Files.move(Path.of(written.path().toUri().getPath()), Path.of(beside.path().toUri().getPath()));
    assertThatThrownBy(beside::replaceTarget)
        .hasMessageContaining("the output " + out + " cannot be written: " + out)
        .hasMessageEndingWith("cannot be removed");
    assertThat(rows(directory.resolve("out"))).isEqualTo(contents("old", OLD));
    recover();
    assertThat(rows(directory.resolve("out"))).isEqualTo(contents("new", NEW));
  }

  /** Of all directories that have the output's rows by their marks; none twice. */
  private Set<String> rowsAsToldOf() throws IOException {
    List<org.apache.hadoop.fs.Path> places = List.of(target());
    for (NewDirectory beside : NewDirectory.all(CopyingFiles.open(), target())) {
      places = beside.isWhole() ? beside.places() : places;
    }
    Set<String> rows = new TreeSet<>();
    for (org.apache.hadoop.fs.Path place : places) {
      rows.addAll(rows(Path.of(place.toUri().getPath())));
    }
    return rows;
  }

  private static Set<String> contents(String which, List<String> files) {
    Set<String> contents = new TreeSet<>();
    files.forEach(file -> contents.add(which + " " + file));
    return contents;
  }

  private static Set<String> rows(Path output) throws IOException {
    Set<String> rows = new TreeSet<>();
    if (Files.exists(output)) {
      try (Stream<Path> all = Files.walk(output)) {
        for (Path file : all.filter(Files::isRegularFile).toList()) {
          rows.add(Files.readString(file));
        }
      }
    }
    return rows;
  }
}
