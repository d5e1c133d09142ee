package dev.strata.udfs.store;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

class CachedTileReadsTest extends TileReadsContract {

  @Override
  Checkpoint open(Path model) {
    return Checkpoint.open(model.toString());
  }

  @Test
  void aSlotIsAsLargeAsItsTile() throws IOException {
    try (Checkpoint checkpoint = open(models().findFirst().orElseThrow())) {
      LayerStore store = LayerStore.of(checkpoint, 4096);
      assertThat(store.slotAlignment()).isEqualTo(1);
      assertThat(store.largestSlotBytes()).isEqualTo(store.largestSpan());
    }
  }
}
