package dev.strata.udfs.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowable;

import dev.strata.udfs.api.StrataException;
import dev.strata.udfs.concurrent.Activity;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.RandomAccessFile;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.apache.hadoop.conf.Configuration;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(60)
class ModelCacheTest {

  private static final int SHARD_BYTES = 3_000_000;
  private static final String CONFIG = "{}";
  private static final int MODEL_BYTES = SHARD_BYTES + CONFIG.length();

  @TempDir private Path directory;

  private final Configuration conf = RemoteFileSystem.configuration();
  private Path cache;

  @BeforeEach
  void model() throws IOException {
    cache = directory.resolve("cache");
    write("model", 1);
    RemoteFileSystem.BYTES_READ.set(0);
  }

  private Path write(String name, int seed) throws IOException {
    Path model = Files.createDirectories(directory.resolve(name));
    byte[] shard = new byte[SHARD_BYTES];
    new Random(seed).nextBytes(shard);
    Files.write(model.resolve("model.safetensors"), shard);
    Files.writeString(model.resolve("config.json"), CONFIG);
    Files.writeString(model.resolve("pytorch_model.bin"), "not read by an engine");
    return model;
  }

  private ModelFiles copy(String name, long limit) throws IOException {
    try (HadoopModelFiles remote =
        HadoopModelFiles.at(RemoteFileSystem.uri(directory.resolve(name)), conf)) {
      return new ModelCache(cache, limit).copyOf(remote, new Activity());
    }
  }

  private void assertCopied(ModelFiles files, String model) throws IOException {
    Path copy = Path.of(files.location());
    assertThat(copy.getParent()).isEqualTo(cache);
    for (String name : List.of("model.safetensors", "config.json")) {
      assertThat(Files.mismatch(copy.resolve(name), directory.resolve(model).resolve(name)))
          .isEqualTo(-1);
    }
    assertThat(files.exists("pytorch_model.bin")).isFalse();
  }

  /** The cache's directories, whole copies and parts. */
  private List<Path> copies() throws IOException {
    try (Stream<Path> entries = Files.list(cache)) {
      return entries.filter(Files::isDirectory).sorted().toList();
    }
  }

  @Test
  void copiesOnce() throws IOException {
    for (int i = 0; i < 2; i++) {
      try (ModelFiles files = copy("model", 0)) {
        assertCopied(files, "model");
      }
    }
    assertThat(RemoteFileSystem.BYTES_READ).hasValue(MODEL_BYTES);
    assertThat(copies()).singleElement().asString().matches(".*/model-[0-9a-f]{16}");
  }

  /** No byte is read twice. */
  @Test
  void aCopyGoesOnWhereItsStreamBrokeOff() throws IOException {
    RemoteFileSystem.BREAKS.set(5);
    try (ModelFiles files = copy("model", 0)) {
      assertCopied(files, "model");
    }
    assertThat(RemoteFileSystem.BREAKS).hasValue(0);
    assertThat(RemoteFileSystem.BYTES_READ).hasValue(MODEL_BYTES);
  }

  @Test
  void streamsThatBreakAtOnceAreTriedAgainForAWhile() throws IOException {
    conf.set(HadoopModelFiles.PATIENCE, "400ms");
    RemoteFileSystem.breaksAtOnce = true;
    RemoteFileSystem.BREAKS.set(2);
    try {
      try (ModelFiles files = copy("model", 0)) {
        assertCopied(files, "model");
      }
      RemoteFileSystem.BREAKS.set(Integer.MAX_VALUE);
      write("other", 2);
      assertThatThrownBy(() -> copy("other", 0)).hasMessageContaining("Connection reset");
    } finally {
      RemoteFileSystem.breaksAtOnce = false;
      RemoteFileSystem.BREAKS.set(0);
    }
  }

  @Test
  void aCopyThatNobodyWantsIsNotTriedAgain() throws Exception {
    conf.set(HadoopModelFiles.PATIENCE, "10m");
    RemoteFileSystem.breaksAtOnce = true;
    RemoteFileSystem.BREAKS.set(Integer.MAX_VALUE);
    try {
      CompletableFuture<Throwable> failure = new CompletableFuture<>();
      Thread copying =
          new Thread(() -> failure.complete(catchThrowable(() -> copy("model", 0).close())));
      copying.start();
      while (RemoteFileSystem.BREAKS.get() == Integer.MAX_VALUE) {
        Thread.sleep(5);
      }
      copying.interrupt();
      assertThat(failure.get(50, TimeUnit.SECONDS)).isInstanceOf(StrataException.class);
    } finally {
      RemoteFileSystem.breaksAtOnce = false;
      RemoteFileSystem.BREAKS.set(0);
    }
  }

  @Test
  void templatesAreCopiedAndGoWithTheCopy() throws IOException {
    String name = "additional_chat_templates/default.jinja";
    Path template = directory.resolve("model").resolve(name);
    Files.createDirectories(template.getParent());
    Files.writeString(template, "{{ messages }}");
    Files.writeString(template.resolveSibling("notes.txt"), "not read");
    try (ModelFiles files = copy("model", 0)) {
      assertCopied(files, "model");
      assertThat(files.find(name)).hasValue(Files.readAllBytes(template));
      assertThat(files.exists("additional_chat_templates/notes.txt")).isFalse();
    }
    Files.writeString(template, "{{ messages[0] }}"); // another model: the copy goes
    try (ModelFiles files = copy("model", MODEL_BYTES + 1000)) {
      assertThat(files.find(name)).hasValue(Files.readAllBytes(template));
    }
    assertThat(copies()).hasSize(1);
  }

  @Test
  void threadsCopyOnce() throws Exception {
    ExecutorService threads = Executors.newFixedThreadPool(4);
    try {
      List<Future<ModelFiles>> copies = new ArrayList<>();
      for (int i = 0; i < 4; i++) {
        copies.add(threads.submit(() -> copy("model", 0)));
      }
      for (Future<ModelFiles> copy : copies) {
        try (ModelFiles files = copy.get()) {
          assertCopied(files, "model");
        }
      }
    } finally {
      threads.shutdownNow();
    }
    assertThat(RemoteFileSystem.BYTES_READ).hasValue(MODEL_BYTES);
  }

  @Test
  void processesCopyOnceAndHoldTheCopy() throws Exception {
    Process one = CopyingProcess.start(directory.resolve("model"), cache, 5);
    Process two = CopyingProcess.start(directory.resolve("model"), cache, 5);
    try {
      List<String> lines = List.of(line(one), line(two));
      assertThat(
              lines.stream()
                  .mapToLong(line -> Long.parseLong(line.substring(line.lastIndexOf(' ') + 1)))
                  .sum())
          .isEqualTo(MODEL_BYTES);
      write("other", 2);
      assertThatThrownBy(() -> copy("other", MODEL_BYTES + 1000))
          .isInstanceOf(StrataException.class)
          .hasMessageMatching(
              "model remote:\\S+/other needs 3000002 bytes more in \\S+/cache, where copies in use"
                  + " take \\d+ of 3001002 bytes; raise spark.strata.model.cacheSize, or set"
                  + " spark.strata.model.staging=direct");
    } finally {
      one.destroyForcibly().waitFor();
      two.destroyForcibly().waitFor();
    }
    try (ModelFiles files = copy("other", MODEL_BYTES + 1000)) {
      assertCopied(files, "other");
    }
    assertThat(copies()).singleElement().asString().contains("/other-");
  }

  private static String line(Process process) {
    try {
      return new BufferedReader(
              new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8))
          .readLine();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Test
  void aKilledCopyIsContinued() throws Exception {
    Process killed = CopyingProcess.start(directory.resolve("model"), cache, 50);
    awaitBytes(SHARD_BYTES / 4);
    killed.destroyForcibly().waitFor();
    Path part = copies().get(0);
    assertThat(copies()).singleElement().asString().endsWith(".part");
    long there = Files.size(part.resolve("model.safetensors"));
    assertThat(there).isBetween(SHARD_BYTES / 4L, SHARD_BYTES - 1L);

    try (ModelFiles files = copy("model", 0)) {
      assertCopied(files, "model");
    }
    assertThat(RemoteFileSystem.BYTES_READ.get())
        .isBetween(SHARD_BYTES - there, MODEL_BYTES - there);
    assertThat(copies()).singleElement().asString().doesNotEndWith(".part");
  }

  private void awaitBytes(long bytes) throws Exception {
    while (true) {
      if (Files.exists(cache)) {
        for (Path part : copies()) {
          Path shard = part.resolve("model.safetensors");
          if (Files.exists(shard) && Files.size(shard) >= bytes) {
            return;
          }
        }
      }
      Thread.sleep(10);
    }
  }

  @Test
  void aWaitingTaskTakesOverFromOneThatDies() throws Exception {
    Process killed = CopyingProcess.start(directory.resolve("model"), cache, 50);
    awaitBytes(SHARD_BYTES / 4);
    ExecutorService thread = Executors.newSingleThreadExecutor();
    try {
      Future<ModelFiles> waiting = thread.submit(() -> copy("model", 0));
      Thread.sleep(300);
      assertThat(waiting).isNotDone();
      killed.destroyForcibly();
      try (ModelFiles files = waiting.get()) {
        assertCopied(files, "model");
      }
    } finally {
      thread.shutdownNow();
      killed.destroyForcibly();
    }
    assertThat(RemoteFileSystem.BYTES_READ.get()).isLessThan(MODEL_BYTES);
  }

  @Test
  void aDamagedPartIsCopiedAnew() throws IOException {
    try (ModelFiles files = copy("model", 0)) {
      assertCopied(files, "model");
    }
    Path copy = copies().get(0);
    Path part = cache.resolve(copy.getFileName() + ".part");
    Files.move(copy, part);
    byte[] damaged = new byte[SHARD_BYTES / 2];
    Files.write(part.resolve("model.safetensors"), damaged);
    try (ModelFiles files = copy("model", 0)) {
      assertCopied(files, "model");
    }
  }

  @Test
  void aWrongChecksumIsAnError() throws IOException {
    conf.setInt(RemoteFileSystem.CRC_OFFSET, 1);
    assertThatThrownBy(() -> copy("model", 0))
        .isInstanceOf(StrataException.class)
        .hasMessageMatching(
            "model remote:\\S+/model cannot be copied to \\S+/cache: the copy of \\S+ has the"
                + " CRC32C [0-9a-f]{8}, but its file system says [0-9a-f]{8}");
    assertThat(copies()).singleElement().asString().endsWith(".part");
  }

  @Test
  void aChangedModelIsCopiedAgain() throws IOException {
    ModelFiles old = copy("model", 0);
    Path model = write("model", 2);
    Files.setLastModifiedTime(
        model.resolve("model.safetensors"), FileTime.fromMillis(System.currentTimeMillis() + 5000));
    try (ModelFiles files = copy("model", 0)) {
      assertCopied(files, "model");
      assertThat(copies()).as("the old copy is in use").hasSize(2);
    }
    old.close();
    write("model", 3);
    Files.setLastModifiedTime(
        model.resolve("model.safetensors"), FileTime.fromMillis(System.currentTimeMillis() + 9000));
    try (ModelFiles files = copy("model", 0)) {
      assertCopied(files, "model");
      assertThat(copies()).containsExactly(Path.of(files.location()));
    }
  }

  @Test
  void theCopyUsedLongestAgoGoesFirst() throws IOException {
    for (String name : List.of("a", "b", "c")) {
      write(name, 4);
    }
    long limit = 2L * MODEL_BYTES + 3000;
    copy("a", limit).close();
    age(0);
    copy("b", limit).close();
    copy("a", limit).close();
    copy("c", limit).close();
    assertThat(copies().stream().map(path -> path.getFileName().toString().charAt(0)))
        .containsExactly('a', 'c');
  }

  private void age(int index) throws IOException {
    Files.setLastModifiedTime(
        copies().get(index).resolve(Manifest.FILE), FileTime.fromMillis(1_000_000));
  }

  @Test
  void noSpace() {
    conf.setLong(RemoteFileSystem.LENGTH_FACTOR, 1L << 35);
    assertThatThrownBy(() -> copy("model", 0))
        .isInstanceOf(StrataException.class)
        .hasMessageMatching(
            "model remote:\\S+/model needs "
                + (((long) MODEL_BYTES) << 35)
                + " bytes more in \\S+/cache, where \\d+ are free; make room, set"
                + " spark.strata.model.cacheDir to a larger disk, or"
                + " spark.strata.model.staging=direct")
        .extracting(e -> ((StrataException) e).fault())
        .isEqualTo(StrataException.Fault.RESOURCES);
  }

  /** In place, as a disk or a careless program does it. */
  private void zero(Path file) throws IOException {
    try (RandomAccessFile access = new RandomAccessFile(file.toFile(), "rw")) {
      access.seek(SHARD_BYTES / 3);
      access.write(new byte[2000]);
    }
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void bytesThatSomebodyChangedComeBack(boolean hasChecksums) throws IOException {
    conf.setBoolean(RemoteFileSystem.CHECKSUMS, hasChecksums);
    copy("model", 0).close();
    zero(copies().get(0).resolve("model.safetensors"));
    for (int i = 0; i < 2; i++) {
      try (ModelFiles files = copy("model", 0)) {
        assertCopied(files, "model");
      }
    }
    assertThat(RemoteFileSystem.BYTES_READ).hasValue(MODEL_BYTES + SHARD_BYTES);
  }

  @Test
  void aCopyWithOtherTimesIsReadThroughAndKept() throws IOException {
    copy("model", 0).close();
    Path shard = copies().get(0).resolve("model.safetensors");
    Files.setLastModifiedTime(shard, FileTime.fromMillis(1_000_000));
    try (ModelFiles files = copy("model", 0)) {
      assertCopied(files, "model");
    }
    assertThat(RemoteFileSystem.BYTES_READ).hasValue(MODEL_BYTES);
    assertThat(Files.getLastModifiedTime(copies().get(0).resolve("model.safetensors")))
        .isEqualTo(FileTime.fromMillis(1_000_000));
  }

  @Test
  void aCopyWithoutARecordIsReadThroughAndKept() throws IOException {
    copy("model", 0).close();
    Path record = copies().get(0).resolve(FileRecord.FILE);
    for (String nothing : List.of("", "{}", "not JSON", "{\"files\": [{}]}")) {
      Files.writeString(record, nothing);
      try (ModelFiles files = copy("model", 0)) {
        assertCopied(files, "model");
      }
      assertThat(FileRecord.read(record).files()).hasSize(2);
    }
    assertThat(RemoteFileSystem.BYTES_READ).hasValue(MODEL_BYTES);
  }

  @Test
  void filesThatSomebodyRemovedComeBack() throws IOException {
    copy("model", 0).close();
    Files.delete(copies().get(0).resolve("config.json"));
    try (ModelFiles files = copy("model", 0)) {
      assertCopied(files, "model");
    }
    assertThat(RemoteFileSystem.BYTES_READ).hasValue(MODEL_BYTES + CONFIG.length());
    assertThat(Arrays.asList(cache.toFile().list())).noneMatch(name -> name.endsWith(".part"));
  }
}
