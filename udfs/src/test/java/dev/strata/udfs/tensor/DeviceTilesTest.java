package dev.strata.udfs.tensor;

import static org.assertj.core.api.Assertions.assertThat;

import dev.strata.udfs.stream.StreamListener;
import dev.strata.udfs.stream.TileSource;
import dev.strata.udfs.stream.TileStreamer;
import dev.strata.udfs.stream.TileUse;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Tiles on their way to a device whose copies run as late or as early as the waits allow. */
@Timeout(60)
class DeviceTilesTest {

  private static final int TILES = 9;
  private static final int ELEMENTS = 8;

  private static final TileSource SOURCE =
      new TileSource() {
        @Override
        public int tiles() {
          return TILES;
        }

        @Override
        public long bytes(int tile) {
          return ELEMENTS * Float.BYTES;
        }

        @Override
        public int offset(int tile) {
          return 0;
        }

        @Override
        public CompletableFuture<?> begin(int tile, ByteBuffer target) {
          for (int i = 0; i < ELEMENTS; i++) {
            target.putFloat(i * Float.BYTES, tile + 1);
          }
          return CompletableFuture.completedFuture(null);
        }
      };

  /** Kernels are sent for all uses before any of them runs. */
  @ParameterizedTest
  @CsvSource({
    "staged, 2, 2, false",
    "staged, 4, 2, false",
    "staged, 2, 3, true",
    "staged-early, 2, 2, false",
    "staged-early, 3, 2, true"
  })
  void kernelsFindTheirTiles(String name, int hostPlaces, int devicePlaces, boolean stay)
      throws IOException {
    int sweeps = 3;
    Map<Integer, Long> residents = new HashMap<>();
    for (int tile = 0; stay && tile < TILES; tile++) {
      residents.put(tile, (long) ELEMENTS * Float.BYTES);
    }
    try (ComputeDevice device = ComputeDevice.open(name, "float32", 1);
        Lane kernels = device.newLane("kernels");
        Lane copies = device.newCopyLane("copies");
        HostTiles host =
            new HostTiles(
                device, NumberType.FLOAT32, hostPlaces, ELEMENTS * Float.BYTES, residents, false);
        DeviceTiles tiles =
            new DeviceTiles(
                device,
                host,
                copies,
                kernels,
                NumberType.FLOAT32,
                devicePlaces,
                ELEMENTS * Float.BYTES);
        Tensor seen =
            device.allocate("test", NumberType.FLOAT32, (long) sweeps * TILES * ELEMENTS);
        TileStreamer streamer = new TileStreamer(SOURCE, host, tiles, StreamListener.NONE)) {
      kernels.bind();
      List<TileUse> uses = new ArrayList<>();
      for (int tile = 0; tile < TILES; tile++) {
        uses.add(new TileUse(tile, true, true));
      }
      for (int i = 0; i < sweeps * TILES; i++) {
        if (i % TILES == 0) {
          streamer.demand(uses);
        }
        try (TileStreamer.Lease lease = streamer.next()) {
          Tensor place = tiles.tensor(lease.place());
          device.kernels().copyFlat(place, 0, ELEMENTS, seen, (long) i * ELEMENTS);
        }
      }
      float[] values = device.kernels().toFloats(seen);
      for (int i = 0; i < values.length; i++) {
        assertThat(values[i]).as("element %d", i).isEqualTo(i / ELEMENTS % TILES + 1);
      }
    }
  }
}
