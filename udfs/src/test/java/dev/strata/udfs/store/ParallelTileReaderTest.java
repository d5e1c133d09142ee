package dev.strata.udfs.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.strata.udfs.tools.ModelShape;
import dev.strata.udfs.tools.RandomCheckpoint;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A tile's slot is its reader's until the last piece is written, whatever happens meanwhile. */
@Timeout(60)
class ParallelTileReaderTest {

  /** Its head is a tile of 20 MB: five pieces. */
  private static final ModelShape WIDE = new ModelShape("wide", 10_000, 1000, 64, 2, 1, 64, 1);

  @TempDir private Path directory;
  private final CountDownLatch open = new CountDownLatch(1);
  private final AtomicInteger pieces = new AtomicInteger();
  private volatile boolean fails;

  @BeforeEach
  void write() throws IOException {
    RandomCheckpoint.write(directory, WIDE, 3);
  }

  /** Files whose reads after the first are held up; the first may fail. */
  private final class HeldFiles extends ForwardedModelFiles {

    HeldFiles() {
      super(ModelFiles.at(directory.toString()));
    }

    @Override
    public ByteSource open(String name) throws IOException {
      return new HeldSource(super.open(name));
    }

    @Override
    public Optional<ByteSource> openDirect(String name) {
      return Optional.empty();
    }
  }

  private final class HeldSource implements ByteSource {

    private final ByteSource source;

    HeldSource(ByteSource source) {
      this.source = source;
    }

    @Override
    public long length() throws IOException {
      return source.length();
    }

    @Override
    public void read(long offset, ByteBuffer target) throws IOException {
      if (target.remaining() > 1 << 20) {
        if (pieces.getAndIncrement() == 0) {
          if (fails) {
            throw new IOException("the first piece is lost");
          }
        } else {
          await(open);
        }
      }
      source.read(offset, target);
    }

    @Override
    public void close() throws IOException {
      source.close();
    }
  }

  private static void await(CountDownLatch latch) {
    try {
      latch.await();
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  /** What is left of a read: whether its thread was interrupted at its end, and the slot. */
  private record Read(boolean interrupted, ByteBuffer slot) {}

  private Read readHead(boolean interrupted) {
    try (Checkpoint checkpoint =
        Checkpoint.open(new HeldFiles(), new ShardSources("cached", Long.MAX_VALUE))) {
      LayerStore store = LayerStore.of(checkpoint, LayerStore.MAX_TILE_BYTES);
      Tile head = store.tiles().get(store.tiles().size() - 1);
      ByteBuffer slot = TileReadsContract.slot(store, store.slotBytes(head));
      try (ParallelTileReader reader = new ParallelTileReader(store, 2)) {
        if (interrupted) {
          Thread.currentThread().interrupt();
        }
        reader.read(head, slot);
      }
      return new Read(Thread.interrupted(), slot);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static void assertStillReading(CompletableFuture<Read> read) throws Exception {
    assertThatThrownBy(() -> read.get(300, TimeUnit.MILLISECONDS))
        .isInstanceOf(TimeoutException.class);
  }

  @Test
  void anInterruptedThreadWaitsForAllPieces() throws Exception {
    CompletableFuture<Read> read = CompletableFuture.supplyAsync(() -> readHead(true));
    assertStillReading(read);
    open.countDown();
    assertThat(read.get().interrupted()).isTrue();
    assertThat(pieces.get()).isGreaterThan(3);
  }

  @Test
  void aFailedPieceWaitsForTheOthers() throws Exception {
    fails = true;
    CompletableFuture<Read> read = CompletableFuture.supplyAsync(() -> readHead(false));
    assertStillReading(read);
    open.countDown();
    assertThatThrownBy(read::get)
        .isInstanceOf(ExecutionException.class)
        .hasMessageContaining("the first piece is lost");
    assertThat(pieces.get()).isGreaterThan(3);
  }
}
