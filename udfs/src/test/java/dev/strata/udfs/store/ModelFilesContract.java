package dev.strata.udfs.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What every implementation of {@link ModelFiles} does. */
abstract class ModelFilesContract {

  /** Three chunks of a heap read and a bit. */
  private static final int LARGE = 3_500_000;

  private final byte[] content = new byte[LARGE];
  private ModelFiles files;

  /** Files in a directory that {@link #write} fills. */
  abstract ModelFiles files() throws IOException;

  abstract void write(String name, byte[] bytes) throws IOException;

  /** Opens a file the way that is tested. */
  ByteSource source(String name) throws IOException {
    return files.open(name);
  }

  @BeforeEach
  void open() throws IOException {
    new Random(1).nextBytes(content);
    write("large.bin", content);
    write("small.json", "{}".getBytes(StandardCharsets.UTF_8));
    files = files();
  }

  @AfterEach
  void close() throws IOException {
    files.close();
  }

  @Test
  void findsSmallFiles() throws IOException {
    assertThat(files.find("small.json")).hasValue("{}".getBytes(StandardCharsets.UTF_8));
    assertThat(files.find("absent.json")).isEmpty();
    assertThat(files.exists("small.json")).isTrue();
    assertThat(files.exists("absent.json")).isFalse();
    assertThat(files.length("large.bin")).isEqualTo(LARGE);
    assertThat(files.path("small.json")).isEqualTo(files.location() + "/small.json");
  }

  @Test
  void templatesHaveADirectory() throws IOException {
    String name = "additional_chat_templates/default.jinja";
    assertThat(files.find(name)).isEmpty();
    assertThat(files.templates()).isEmpty();
    write(name, "x".getBytes(StandardCharsets.UTF_8));
    write("additional_chat_templates/a b.jinja", new byte[0]);
    write("additional_chat_templates/notes.txt", new byte[0]);
    assertThat(files.find(name)).hasValue("x".getBytes(StandardCharsets.UTF_8));
    assertThat(files.templates()).containsExactly("a b", "default");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "../small.json",
        "/etc/passwd",
        "..",
        ".",
        "",
        "a/b",
        "a\0b",
        "\ud83d",
        "additional_chat_templates/..",
        "additional_chat_templates/a/b",
        "additional_chat_templates/"
      })
  void namesDoNotLeadOut(String name) {
    assertThatThrownBy(() -> files.find(name)).isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> files.open(name)).isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void statesTellChanges() throws IOException {
    List<String> names = List.of("large.bin", "small.json", "absent.json");
    Map<String, FileState> before = files.states(names);
    assertThat(before).containsOnlyKeys("large.bin", "small.json");
    assertThat(before.get("large.bin").length()).isEqualTo(LARGE);
    assertThat(files.states(names)).isEqualTo(before);
    write("large.bin", Arrays.copyOf(content, LARGE - 1));
    assertThat(files.states(List.of("large.bin")).get("large.bin"))
        .isNotEqualTo(before.get("large.bin"));
  }

  /** Hadoop takes what is before a colon for a scheme. */
  @Test
  void namesMayHaveColons() throws IOException {
    write("a:b", new byte[] {7});
    assertThat(files.find("a:b")).hasValue(new byte[] {7});
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void fillsTheBufferFromItsPositionToItsLimit(boolean direct) throws IOException {
    try (ByteSource source = source("large.bin")) {
      ByteBuffer target = allocate(LARGE, direct);
      target.position(5).limit(LARGE - 7);
      source.read(11, target);
      assertThat(target.position()).isEqualTo(LARGE - 7);
      target.position(5);
      assertThat(target).isEqualTo(ByteBuffer.wrap(content, 11, LARGE - 12));
      assertThat(source.length()).isEqualTo(LARGE);
    }
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void theEndOfTheFileIsAnError(boolean direct) throws IOException {
    try (ByteSource source = source("large.bin")) {
      assertThatThrownBy(() -> source.read(LARGE - 10, allocate(16, direct)))
          .isInstanceOf(EOFException.class)
          .hasMessage(
              "%s ends before offset %d, where 6 more bytes are wanted",
              files.path("large.bin"), LARGE);
      assertThatThrownBy(() -> source.read(LARGE + 10L, allocate(16, direct)))
          .isInstanceOf(EOFException.class)
          .hasMessage(
              "%s ends before offset %d, where 16 more bytes are wanted",
              files.path("large.bin"), LARGE + 10);
    }
  }

  @Test
  void blocksAreReadAsFarAsTheFileGoes() throws IOException {
    try (ByteSource source = source("large.bin")) {
      int block = source.blockBytes();
      int offset = (LARGE - 100) / block * block;
      ByteBuffer blocks = blocks(source, 3 * Math.max(block, 100));
      source.readBlocks(offset, blocks, LARGE - offset);
      assertThat(blocks.slice(0, LARGE - offset))
          .isEqualTo(ByteBuffer.wrap(content, offset, LARGE - offset));
      assertThatThrownBy(() -> source.readBlocks(offset, blocks, LARGE - offset + 7))
          .isInstanceOf(EOFException.class)
          .hasMessage(
              "%s ends before offset %d, where 7 more bytes are wanted",
              files.path("large.bin"), LARGE);
    }
  }

  @Test
  void readsAfterTheCloseFail() throws IOException {
    ByteSource source = source("large.bin");
    source.close();
    assertThatThrownBy(() -> source.read(3, ByteBuffer.allocate(4)))
        .isInstanceOf(IOException.class)
        .hasMessageStartingWith("cannot read 4 bytes at offset 3 of " + files.path("large.bin"));
    assertThatThrownBy(() -> source.readBlocks(0, blocks(source, source.blockBytes()), 1))
        .isInstanceOf(IOException.class)
        .hasMessageStartingWith("cannot read 1 bytes at offset 0 of " + files.path("large.bin"));
  }

  @Test
  void severalThreadsReadAtOnce() throws Exception {
    try (ByteSource source = source("large.bin")) {
      inThreads(4, thread -> readEverywhere(source, thread));
    }
  }

  @Test
  void aPendingInterruptNeitherStopsAReadNorIsLost() throws Exception {
    Thread.currentThread().interrupt();
    try (ByteSource source = source("large.bin")) {
      assertThat(files.find("small.json")).isPresent();
      readEverywhere(source, 0);
      assertThat(Thread.interrupted()).isTrue();
      readEverywhere(source, 1);
      assertThat(Thread.interrupted()).isFalse();
    }
  }

  @Test
  void interruptsDisturbNoReader() throws Exception {
    AtomicBoolean done = new AtomicBoolean();
    try (ByteSource source = source("large.bin")) {
      List<Thread> readers = new ArrayList<>();
      CountDownLatch started = new CountDownLatch(2);
      Thread interrupter =
          new Thread(
              () -> {
                await(started);
                while (!done.get()) {
                  readers.get(0).interrupt();
                }
              });
      interrupter.start();
      try {
        inThreads(
            2,
            thread -> {
              synchronized (readers) {
                readers.add(Thread.currentThread());
              }
              started.countDown();
              await(started);
              readEverywhere(source, thread);
            });
      } finally {
        done.set(true);
        interrupter.join();
      }
      readEverywhere(source, 2);
    }
  }

  private void readEverywhere(ByteSource source, int seed) throws IOException {
    Random random = new Random(seed);
    for (int i = 0; i < 300; i++) {
      int length = 1 + random.nextInt(50_000);
      int offset = random.nextInt(LARGE - length);
      ByteBuffer target = allocate(length, i % 2 == 0);
      source.read(offset, target);
      assertThat(target.flip()).isEqualTo(ByteBuffer.wrap(content, offset, length));
      readBlocks(source, offset, length);
    }
  }

  private void readBlocks(ByteSource source, int offset, int length) throws IOException {
    int block = source.blockBytes();
    int begin = offset - offset % block;
    ByteBuffer target = blocks(source, offset + length - begin);
    source.readBlocks(begin, target, offset + length - begin);
    assertThat(target.slice(offset - begin, length))
        .isEqualTo(ByteBuffer.wrap(content, offset, length));
  }

  /** A buffer of as many whole blocks as hold so many bytes. */
  private static ByteBuffer blocks(ByteSource source, int bytes) {
    int block = source.blockBytes();
    int rounded = (bytes + block - 1) / block * block;
    return ByteBuffer.allocateDirect(rounded + block).alignedSlice(block).limit(rounded).slice();
  }

  private interface Reader {
    void read(int thread) throws Exception;
  }

  private static void inThreads(int count, Reader reader) throws Exception {
    ExecutorService threads = Executors.newFixedThreadPool(count);
    try {
      List<Future<?>> results = new ArrayList<>();
      for (int i = 0; i < count; i++) {
        int thread = i;
        results.add(
            threads.submit(
                () -> {
                  reader.read(thread);
                  return null;
                }));
      }
      for (Future<?> result : results) {
        result.get();
      }
    } finally {
      threads.shutdownNow();
    }
  }

  /** Waits through interrupts, which the test sends on purpose. */
  private static void await(CountDownLatch latch) {
    boolean interrupted = false;
    while (true) {
      try {
        latch.await();
        break;
      } catch (InterruptedException e) {
        interrupted = true;
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  private static ByteBuffer allocate(int bytes, boolean direct) {
    return direct ? ByteBuffer.allocateDirect(bytes) : ByteBuffer.allocate(bytes);
  }
}
