package dev.strata.udfs.store;

import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Opens the shards of a checkpoint, all of them for cached reads or all for direct ones.
 *
 * @param io {@code cached}, {@code direct} or {@code auto}
 * @param available bytes of files that memory can keep, by which {@code auto} goes
 */
record ShardSources(String io, long available) {

  private static final Logger LOG = LoggerFactory.getLogger(ShardSources.class);

  /** Opens shards into a map; after an error what is in it is still the caller's to close. */
  void open(ModelFiles files, List<String> shards, Map<String, ByteSource> sources)
      throws IOException {
    if (isDirect(files, shards)) {
      if (openDirect(files, shards, sources)) {
        return;
      }
      LOG.warn(
          "the file system of {} has no direct reads; tiles are read through the page cache",
          files.location());
    }
    for (String shard : shards) {
      sources.put(shard, files.open(shard));
    }
  }

  private boolean isDirect(ModelFiles files, List<String> shards) throws IOException {
    return switch (io) {
      case "cached" -> false;
      case "direct" -> true;
      case "auto" -> bytes(files, shards) > available;
      default -> throw new IllegalArgumentException("no such way to read: " + io);
    };
  }

  private static long bytes(ModelFiles files, List<String> shards) throws IOException {
    long bytes = 0;
    for (String shard : shards) {
      bytes += files.length(shard);
    }
    return bytes;
  }

  private static boolean openDirect(
      ModelFiles files, List<String> shards, Map<String, ByteSource> sources) throws IOException {
    for (String shard : shards) {
      Optional<ByteSource> source = files.openDirect(shard);
      if (source.isEmpty()) {
        close(sources);
        return false;
      }
      sources.put(shard, source.get());
    }
    return true;
  }

  private static void close(Map<String, ByteSource> sources) throws IOException {
    for (ByteSource source : sources.values()) {
      source.close();
    }
    sources.clear();
  }
}
