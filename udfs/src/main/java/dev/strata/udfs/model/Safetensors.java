package dev.strata.udfs.model;

import dev.strata.udfs.api.StrataException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Reads the JSON of safetensors checkpoints: the header at the start of each file, and the index of
 * a sharded one.
 *
 * @see <a href="https://huggingface.co/docs/safetensors/index#format">the format</a>
 */
public final class Safetensors {

  private static final String METADATA = "__metadata__";

  /** Bits of one element; types that came after these are not checked, nor are they read. */
  private static final Map<String, Integer> BITS =
      Map.ofEntries(
          Map.entry("BOOL", 8),
          Map.entry("U8", 8),
          Map.entry("I8", 8),
          Map.entry("F8_E4M3", 8),
          Map.entry("F8_E5M2", 8),
          Map.entry("F8_E8M0", 8),
          Map.entry("U16", 16),
          Map.entry("I16", 16),
          Map.entry("F16", 16),
          Map.entry("BF16", 16),
          Map.entry("U32", 32),
          Map.entry("I32", 32),
          Map.entry("F32", 32),
          Map.entry("U64", 64),
          Map.entry("I64", 64),
          Map.entry("F64", 64),
          Map.entry("C64", 64));

  private Safetensors() {}

  /**
   * Reads a header and believes nothing of it: every tensor lies inside the file, has as many bytes
   * as its shape and type need, and shares none with another.
   *
   * @param headerJson the header, from position to limit; read without moving the position
   * @param dataStart the file offset that the header's offsets count from
   * @param fileLength the bytes of the file
   * @param origin the file's path, for messages
   * @return the tensors by name, in the header's order
   * @throws StrataException if the header is not JSON or a tensor is not where it says
   */
  public static Map<String, TensorEntry> parseHeader(
      ByteBuffer headerJson, long dataStart, long fileLength, String origin) {
    String json = StandardCharsets.UTF_8.decode(headerJson.duplicate()).toString();
    JsonFields header = JsonFields.parse(json, "the header of " + origin);
    Map<String, TensorEntry> tensors = new LinkedHashMap<>();
    for (String name : header.names()) {
      if (!name.equals(METADATA)) {
        tensors.put(name, entry(name, header.object(name), dataStart, fileLength, origin));
      }
    }
    requireApart(tensors, origin);
    return tensors;
  }

  /**
   * Reads {@code model.safetensors.index.json}.
   *
   * @param json its text
   * @param origin its path, for messages
   * @return the file of each tensor, a plain name in the directory of the index
   * @throws StrataException if there is no such map or a file lies elsewhere
   */
  public static Map<String, String> parseIndex(String json, String origin) {
    JsonFields index = JsonFields.parse(json, origin);
    if (!index.isPresent("weight_map")) {
      throw index.invalid("weight_map", "an object");
    }
    JsonFields files = index.object("weight_map");
    Map<String, String> fileOfTensor = new LinkedHashMap<>();
    for (String tensor : files.names()) {
      String file = files.text(tensor);
      if (!FileNames.isPlain(file)) {
        throw files.invalid(tensor, "the name of a file in the same directory");
      }
      fileOfTensor.put(tensor, file);
    }
    return fileOfTensor;
  }

  /** Whether headers are held to the bytes that elements of this type take. */
  static boolean isKnown(String dtype) {
    return BITS.containsKey(dtype);
  }

  private static TensorEntry entry(
      String name, JsonFields fields, long dataStart, long fileLength, String origin) {
    String dtype = fields.text("dtype");
    List<Long> shape = fields.longs("shape", "a list of sizes");
    List<Long> offsets = fields.longs("data_offsets", "a pair of offsets");
    if (offsets.size() != 2 || offsets.get(0) > offsets.get(1)) {
      throw fields.invalid("data_offsets", "a pair of offsets, the first not above the second");
    }
    long dataLength = fileLength - dataStart;
    if (offsets.get(1) > dataLength) {
      throw StrataException.model(
          "tensor %s in %s ends at byte %d of the data, but the file has only %d bytes of data; it"
              + " is truncated: download it again",
          name, origin, offsets.get(1), dataLength);
    }
    TensorEntry entry =
        new TensorEntry(name, dtype, shape, dataStart + offsets.get(0), dataStart + offsets.get(1));
    requireBytes(entry, origin);
    return entry;
  }

  private static void requireBytes(TensorEntry entry, String origin) {
    Integer bits = BITS.get(entry.dtype());
    if (bits == null) {
      return;
    }
    if (!needs(entry.shape(), bits / 8, entry.bytes())) {
      throw StrataException.model(
          "tensor %s in %s has %d bytes, which do not hold shape %s of %s; the file is damaged:"
              + " download it again",
          entry.name(), origin, entry.bytes(), entry.shape(), entry.dtype());
    }
  }

  private static boolean needs(List<Long> shape, long elementBytes, long bytes) {
    if (shape.contains(0L)) {
      return bytes == 0;
    }
    long needed = elementBytes;
    for (long size : shape) {
      // Dividing keeps the product from overflowing.
      if (needed > bytes / size) {
        return false;
      }
      needed *= size;
    }
    return needed == bytes;
  }

  private static void requireApart(Map<String, TensorEntry> tensors, String origin) {
    List<TensorEntry> inOrder =
        tensors.values().stream()
            .filter(entry -> entry.bytes() > 0)
            .sorted(Comparator.comparingLong(TensorEntry::begin))
            .toList();
    for (int i = 1; i < inOrder.size(); i++) {
      TensorEntry before = inOrder.get(i - 1);
      TensorEntry entry = inOrder.get(i);
      if (entry.begin() < before.end()) {
        throw StrataException.model(
            "tensor %s in %s begins at byte %d of the file, inside tensor %s, which ends at %d; the"
                + " file is damaged: download it again",
            entry.name(), origin, entry.begin(), before.name(), before.end());
      }
    }
  }
}
