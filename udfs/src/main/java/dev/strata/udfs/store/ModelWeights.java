package dev.strata.udfs.store;

import dev.strata.udfs.api.StrataException;
import dev.strata.udfs.model.DecoderSpec;
import dev.strata.udfs.model.ElementType;
import dev.strata.udfs.model.TensorEntry;
import dev.strata.udfs.model.WeightSpec;
import java.util.Arrays;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/** Where the tensors of a model are, each with the shape that its configuration makes it. */
final class ModelWeights {

  private final DecoderSpec spec;
  private final Shards shards;
  private final ModelFiles files;
  private final String config;
  private final Map<WeightSpec, Weight> weights = new LinkedHashMap<>();

  private ModelWeights(DecoderSpec spec, Shards shards, ModelFiles files, String config) {
    this.spec = spec;
    this.shards = shards;
    this.files = files;
    this.config = config;
  }

  /**
   * Finds all that the forward pass needs.
   *
   * @param config the file that describes the model, for messages
   * @throws StrataException if a tensor is missing or of another shape or type
   */
  static ModelWeights find(DecoderSpec spec, Shards shards, ModelFiles files, String config) {
    ModelWeights found = new ModelWeights(spec, shards, files, config);
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
    Shards.Located located =
        shards
            .find(wanted)
            .or(() -> otherEnd(wanted))
            .orElseThrow(() -> shards.missing(wanted, config, spec.family()));
    TensorEntry entry = located.entry();
    String path = files.path(located.file());
    if (!entry.shape().equals(wanted.shape())) {
      throw StrataException.model(
          "tensor %s in %s has shape %s, but %s makes it %s; use the files of one model",
          wanted.name(), path, entry.shape(), config, wanted.shape());
    }
    ElementType type = elementType(entry, path);
    long before = (long) wanted.firstRow() * wanted.columns() * type.bytes();
    return new Weight(wanted, located.file(), entry.begin() + before, type);
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
        .orElseThrow(
            () ->
                StrataException.model(
                    "tensor %s in %s is stored as %s; use a model stored as F32, F16 or BF16",
                    entry.name(), path, entry.dtype()));
  }

  /** A tensor, or empty if the model has none. */
  Optional<Weight> find(WeightSpec wanted) {
    return Optional.ofNullable(weights.get(wanted));
  }

  Collection<Weight> all() {
    return weights.values();
  }
}
