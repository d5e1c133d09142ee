package dev.strata.udfs.store;

import dev.strata.udfs.api.StrataException;
import dev.strata.udfs.model.DecoderSpec;
import dev.strata.udfs.model.ElementType;
import dev.strata.udfs.model.Quantization;
import dev.strata.udfs.model.TensorEntry;
import dev.strata.udfs.model.WeightSpec;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

/** Where the tensors of a model are, each with the shape that its configuration makes it. */
final class ModelWeights {

  /** The type of tensors whose elements are packed. */
  private static final String BYTES = "U8";

  private final DecoderSpec spec;
  private final Quantization quantization;
  private final Shards shards;
  private final ModelFiles files;
  private final String config;
  private final Map<WeightSpec, Weight> weights = new LinkedHashMap<>();

  private ModelWeights(
      DecoderSpec spec, Quantization quantization, Shards shards, ModelFiles files, String config) {
    this.spec = spec;
    this.quantization = quantization;
    this.shards = shards;
    this.files = files;
    this.config = config;
  }

  /**
   * Finds all that the forward pass needs.
   *
   * @param quantization in which form matrices are stored that are not plain numbers
   * @param config the file that describes the model, for messages
   * @throws StrataException if a tensor is missing or of another shape or type
   */
  static ModelWeights find(
      DecoderSpec spec, Quantization quantization, Shards shards, ModelFiles files, String config) {
    ModelWeights found = new ModelWeights(spec, quantization, shards, files, config);
    for (WeightSpec wanted : spec.weights()) {
      found.weights.put(wanted, found.weight(wanted));
    }
    return found;
  }

  /**
   * What a model is whose configuration ties its head to the embedding: as in Hugging Face
   * transformers, a head that is there beside the embedding counts.
   */
  static DecoderSpec withOwnHead(DecoderSpec spec, Shards shards) {
    boolean both =
        shards.find(spec.head().matrix()).isPresent() && shards.find(spec.embedding()).isPresent();
    return spec.tiedHead() && both ? spec.untied() : spec;
  }

  private Weight weight(WeightSpec wanted) {
    if (wanted.other() != null
        && shards.find(wanted).isEmpty()
        && shards.find(wanted.other()).isPresent()) {
      return weight(wanted.other());
    }
    Optional<Shards.Located> packed = packed(wanted);
    if (packed.isPresent()) {
      return packed(wanted, packed.get());
    }
    Shards.Located located =
        shards
            .find(wanted)
            .or(() -> otherEnd(wanted))
            .orElseThrow(() -> shards.missing(wanted, config, spec.family()));
    TensorEntry entry = located.entry();
    String path = files.path(located.file());
    if (!entry.shape().equals(wanted.shape())) {
      throw ofAnotherShape(entry, located.file(), wanted.shape());
    }
    ElementType type = elementType(entry, path);
    if (!type.standsAlone() && (!wanted.isMatrix() || isEmbedding(wanted))) {
      throw notStored(entry, path);
    }
    Part codes = part(located, type, wanted.columns(), wanted, 1);
    return new Weight(wanted, codes, type.standsAlone() ? null : scales(wanted, located));
  }

  /** A matrix whose elements are packed, under a name that says so. */
  private Optional<Shards.Located> packed(WeightSpec wanted) {
    return quantization.codeSuffix().isEmpty() || !wanted.isMatrix()
        ? Optional.empty()
        : shards.find(wanted.named(wanted.name() + quantization.codeSuffix()));
  }

  /** [rows, groups, bytes of a group], and [rows, groups] of scales. */
  private Weight packed(WeightSpec wanted, Shards.Located codes) {
    int group = quantization.blocks().columns();
    if (wanted.columns() % group != 0) {
      throw StrataException.model(
          "%s makes the rows of %s %d long, which is no multiple of %d; use the files of one model",
          config, wanted.name(), wanted.columns(), group);
    }
    List<Long> shape = new ArrayList<>(wanted.shape());
    long groups = (long) wanted.columns() / group;
    shape.set(shape.size() - 1, groups);
    Shards.Located scales =
        shards
            .find(wanted.named(wanted.name() + quantization.scaleSuffix()))
            .orElseThrow(() -> noScales(wanted.name(), codes));
    requireBytes(scales, shape);
    shape.add(quantization.codes().bytes(group));
    requireBytes(codes, shape);
    return new Weight(
        wanted,
        part(codes, quantization.codes(), wanted.columns(), wanted, 1),
        new BlockScales(part(scales, ElementType.F8_E8M0, groups, wanted, 1), group));
  }

  private void requireBytes(Shards.Located located, List<Long> shape) {
    TensorEntry entry = located.entry();
    if (!entry.shape().equals(shape) || !entry.dtype().equals(BYTES)) {
      throw StrataException.model(
          "tensor %s in %s has shape %s of %s, but %s makes it %s of %s; use the files of one"
              + " model",
          entry.name(),
          files.path(located.file()),
          entry.shape(),
          entry.dtype(),
          config,
          shape,
          BYTES);
    }
  }

  private boolean isEmbedding(WeightSpec wanted) {
    return spec.embeddings().stream().anyMatch(embedding -> embedding.matrix().equals(wanted));
  }

  private static Part part(
      Shards.Located located, ElementType type, long rowElements, WeightSpec of, int rowsEach) {
    return new Part(
        located.file(), located.entry().begin(), type, rowElements, of.firstRow(), rowsEach);
  }

  private BlockScales scales(WeightSpec wanted, Shards.Located codes) {
    String path = files.path(codes.file());
    if (quantization.equals(Quantization.NONE)) {
      throw notStored(codes.entry(), path);
    }
    Shards.Located located =
        shards
            .find(codes.entry().name() + quantization.scaleSuffix())
            .orElseThrow(() -> noScales(codes.entry().name(), codes));
    TensorEntry scales = located.entry();
    ElementType type = elementType(scales, files.path(located.file()));
    if (!type.standsAlone()) {
      throw notStored(scales, files.path(located.file()));
    }
    ScaleGrid whole = ScaleGrid.of(wanted, quantization.blocks());
    return Stream.of(whole, ScaleGrid.ofParts(wanted, quantization.blocks()))
        .filter(grid -> grid.isOf(scales.shape()))
        .findFirst()
        .orElseThrow(() -> ofAnotherShape(scales, located.file(), whole.shape()))
        .scales(located.file(), scales.begin(), type);
  }

  private StrataException ofAnotherShape(TensorEntry entry, String file, List<Long> shape) {
    return StrataException.model(
        "tensor %s in %s has shape %s, but %s makes it %s; use the files of one model",
        entry.name(), files.path(file), entry.shape(), config, shape);
  }

  private StrataException noScales(String name, Shards.Located codes) {
    return StrataException.model(
        "tensor %s in %s is stored as %s, but its scales, %s%s, are not there; download the model"
            + " again",
        codes.entry().name(),
        files.path(codes.file()),
        codes.entry().dtype(),
        name,
        quantization.scaleSuffix());
  }

  /** The head in place of the embedding that it is tied to. */
  private Optional<Shards.Located> otherEnd(WeightSpec wanted) {
    return spec.tiedHead() && wanted.equals(spec.embedding())
        ? shards.find(spec.head().matrix())
        : Optional.empty();
  }

  private static ElementType elementType(TensorEntry entry, String path) {
    return Arrays.stream(ElementType.values())
        .filter(type -> type.name().equals(entry.dtype()))
        .findFirst()
        .orElseThrow(() -> notStored(entry, path));
  }

  private static StrataException notStored(TensorEntry entry, String path) {
    return StrataException.model(
        "tensor %s in %s is stored as %s; use a model stored as F32, F16 or BF16",
        entry.name(), path, entry.dtype());
  }

  /** A tensor, or empty if the model has none. */
  Optional<Weight> find(WeightSpec wanted) {
    return Optional.ofNullable(weights.get(wanted));
  }

  Collection<Weight> all() {
    return weights.values();
  }
}
