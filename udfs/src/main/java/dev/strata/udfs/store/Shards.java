package dev.strata.udfs.store;

import dev.strata.udfs.api.StrataException;
import dev.strata.udfs.model.Safetensors;
import dev.strata.udfs.model.SizeBounds;
import dev.strata.udfs.model.TensorEntry;
import dev.strata.udfs.model.WeightSpec;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;

/** Which tensors a checkpoint has and in which of its safetensors files. Reads headers only. */
final class Shards {

  private static final String SINGLE = "model.safetensors";
  private static final String INDEX = "model.safetensors.index.json";
  private static final int LENGTH_BYTES = 8;

  /** The limit of the safetensors library. */
  private static final long MAX_HEADER_BYTES = 100_000_000;

  /** A tensor and the file it is in. */
  record Located(String file, TensorEntry entry) {}

  private final String listing;
  private final Map<String, String> index;
  private final Map<String, Located> tensors;
  private final List<String> files;

  private Shards(
      String listing, Map<String, String> index, Map<String, Located> tensors, List<String> files) {
    this.listing = listing;
    this.index = index;
    this.tensors = tensors;
    this.files = files;
  }

  /** Finds the safetensors files of a checkpoint and reads their headers. */
  static Shards read(ModelFiles files) throws IOException {
    return files.exists(SINGLE) ? single(files) : sharded(files, index(files));
  }

  /** The names of the safetensors files of a checkpoint, without a look into them. */
  static Set<String> names(ModelFiles files) throws IOException {
    return files.exists(SINGLE)
        ? Set.of(SINGLE)
        : Set.copyOf(Safetensors.parseIndex(index(files), files.path(INDEX)).values());
  }

  private static String index(ModelFiles files) throws IOException {
    return files
        .find(INDEX)
        .map(bytes -> new String(bytes, StandardCharsets.UTF_8))
        .orElseThrow(
            () ->
                StrataException.model(
                    "no %s and no %s in %s; give a model in the safetensors format",
                    SINGLE, INDEX, files.location()));
  }

  private static Shards single(ModelFiles files) throws IOException {
    Map<String, Located> tensors = new HashMap<>();
    header(files, SINGLE).forEach((name, entry) -> tensors.put(name, new Located(SINGLE, entry)));
    return new Shards(files.path(SINGLE), Map.of(), tensors, List.of(SINGLE));
  }

  /**
   * The index is a hint which files there are; what is in them, their headers say. As in Hugging
   * Face transformers the last of several tensors of one name counts.
   */
  private static Shards sharded(ModelFiles files, String indexJson) throws IOException {
    String listing = files.path(INDEX);
    Map<String, String> index = Safetensors.parseIndex(indexJson, listing);
    Map<String, Located> tensors = new HashMap<>();
    List<String> there = new ArrayList<>();
    for (String file : new TreeSet<>(index.values())) {
      if (files.exists(file)) {
        header(files, file).forEach((name, entry) -> tensors.put(name, new Located(file, entry)));
        there.add(file);
      }
    }
    return new Shards(listing, index, tensors, List.copyOf(there));
  }

  /** The safetensors files, in alphabetical order. */
  List<String> files() {
    return files;
  }

  /** What sizes a configuration of these tensors can have. */
  SizeBounds bounds() {
    return SizeBounds.of(tensors.values().stream().map(Located::entry).toList(), listing);
  }

  /** A tensor under the first of its names that is there. */
  Optional<Located> find(WeightSpec wanted) {
    return wanted.names().stream().map(tensors::get).filter(Objects::nonNull).findFirst();
  }

  /** A tensor by its name. */
  Optional<Located> find(String name) {
    return Optional.ofNullable(tensors.get(name));
  }

  /** Why a tensor of a model, which {@code config} describes, is not found. */
  StrataException missing(WeightSpec wanted, String config, String family) {
    Optional<String> file =
        wanted.names().stream().map(index::get).filter(Objects::nonNull).findFirst();
    if (file.isEmpty()) {
      return StrataException.model(
          "tensor %s is missing in %s, but %s describes a %s model that has it; use the files of"
              + " one model",
          wanted.name(), listing, config, family);
    }
    return files.contains(file.get())
        ? StrataException.model(
            "%s says that tensor %s is in %s, but it is not; download the model again",
            listing, wanted.name(), file.get())
        : StrataException.model(
            "%s names %s, which is not there; download the missing file", listing, file.get());
  }

  private static Map<String, TensorEntry> header(ModelFiles files, String name) throws IOException {
    String path = files.path(name);
    try (ByteSource source = files.open(name)) {
      long headerLength = headerLength(source, path);
      ByteBuffer header = ByteBuffer.allocate((int) headerLength);
      source.read(LENGTH_BYTES, header);
      long dataStart = LENGTH_BYTES + headerLength;
      return Safetensors.parseHeader(header.flip(), dataStart, source.length(), path);
    }
  }

  private static long headerLength(ByteSource source, String path) throws IOException {
    if (source.length() < LENGTH_BYTES) {
      throw truncated(path, source.length(), "not even a header's length");
    }
    ByteBuffer bytes = ByteBuffer.allocate(LENGTH_BYTES).order(ByteOrder.LITTLE_ENDIAN);
    source.read(0, bytes);
    long length = bytes.getLong(0);
    if (length < 0 || length > MAX_HEADER_BYTES) {
      throw StrataException.model(
          "%s says that its header has %s bytes, beyond the limit of %d; it is not a safetensors"
              + " file: download it again",
          path, Long.toUnsignedString(length), MAX_HEADER_BYTES);
    }
    if (length > source.length() - LENGTH_BYTES) {
      throw truncated(path, source.length(), "less than its header of " + length);
    }
    return length;
  }

  private static StrataException truncated(String path, long length, String reason) {
    return StrataException.model(
        "%s has %d bytes, %s; it is truncated: download it again", path, length, reason);
  }
}
