package dev.strata.udfs.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowable;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Reads of a disk, or of a file server's mount, that fails for a while. */
@Timeout(180)
class LocalRetriesTest {

  /** Nobody can read its first page: the kernel says so with EIO. */
  private static final Path FAULTY = Path.of("/proc/self/mem");

  private static final Duration LONG = Duration.ofMinutes(1);
  private static final byte[] CONTENT = "weights".getBytes(StandardCharsets.UTF_8);

  @TempDir private Path directory;

  private Path shard;

  @BeforeEach
  void aShardOnAFaultyDisk() throws IOException {
    assumeTrue(Files.exists(FAULTY));
    shard = directory.resolve("model.safetensors");
    Files.createSymbolicLink(shard, FAULTY);
    Files.write(directory.resolve("sound"), CONTENT);
  }

  private LocalModelFiles files(Duration patience) {
    return new LocalModelFiles(directory, () -> {}, LocalRetries.of(directory, patience));
  }

  private void mend() {
    try {
      TimeUnit.MILLISECONDS.sleep(50);
      Path link = Files.createSymbolicLink(directory.resolve("link"), directory.resolve("sound"));
      Files.move(link, shard, StandardCopyOption.ATOMIC_MOVE);
    } catch (IOException | InterruptedException e) {
      throw new AssertionError(e);
    }
  }

  @Test
  void aReadGoesOnWithTheFileAsItIsThereAgain() throws IOException {
    try (LocalModelFiles files = files(LONG);
        ByteSource source = files.open("model.safetensors")) {
      ByteBuffer read = ByteBuffer.allocateDirect(CONTENT.length);
      CompletableFuture<Void> mended = CompletableFuture.runAsync(this::mend);
      source.read(0, read);
      mended.join();
      assertThat(StandardCharsets.UTF_8.decode(read.flip()).toString()).isEqualTo("weights");
    }
  }

  private static void read(LocalModelFiles files) throws IOException {
    try (ByteSource source = files.open("model.safetensors")) {
      source.read(0, ByteBuffer.allocate(10));
    }
  }

  @Test
  void whatStaysBadIsGivenUp() {
    long before = System.nanoTime();
    assertThatThrownBy(
            () -> {
              try (LocalModelFiles files = files(Duration.ofMillis(300))) {
                read(files);
              }
            })
        .isInstanceOf(IOException.class)
        .hasMessage(
            "cannot read 10 bytes at offset 0 of %s: java.io.IOException: Input/output error",
            shard);
    assertThat(System.nanoTime() - before)
        .isBetween(TimeUnit.MILLISECONDS.toNanos(75), TimeUnit.SECONDS.toNanos(60));
  }

  /** Time does not bring it back. */
  @Test
  void whatIsNotThereIsNotTriedAgain() throws IOException {
    try (LocalModelFiles files = files(LONG)) {
      ByteSource sound = files.open("sound");
      assertThat(files.exists("absent")).isFalse();
      assertThatThrownBy(() -> files.length("absent")).isInstanceOf(NoSuchFileException.class);
      assertThatThrownBy(() -> files.open("absent")).isInstanceOf(NoSuchFileException.class);
      assertThatThrownBy(() -> sound.read(0, ByteBuffer.allocate(100)))
          .isInstanceOf(EOFException.class);
      sound.close();
      assertThatThrownBy(() -> sound.read(0, ByteBuffer.allocate(1)))
          .hasMessageContaining("the file is closed");
    }
  }

  @Test
  void nobodyTriesAgainForAnEngineThatEnds() throws Exception {
    try (LocalModelFiles files = files(LONG)) {
      CompletableFuture<Throwable> failure =
          CompletableFuture.supplyAsync(() -> catchThrowable(() -> read(files)));
      TimeUnit.MILLISECONDS.sleep(50);
      files.ending();
      assertThat(failure.get(60, TimeUnit.SECONDS)).hasMessageContaining("Input/output error");
    }
  }
}
