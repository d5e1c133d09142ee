package dev.strata.udfs.model;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/**
 * A decoder-only transformer as its {@code config.json} describes it: everything that is done to a
 * token, step by step, and the tensors that it takes. Nothing else in the project says which there
 * are.
 *
 * @param family the {@code model_type}
 * @param vocabSize rows of the embedding and of the head
 * @param hiddenSize width of the residual stream
 * @param contextLength the most tokens of one sequence, prompt and completion together
 * @param embedding [vocab, hidden]; only the rows of the tokens at hand are read
 * @param embeddingScale what they are multiplied by
 * @param carried what each token carries beside the residual stream from the start; null for
 *     nothing
 * @param carriedWidth elements that it carries there at most, what layers set aside at last
 * @param layers one for each layer
 * @param head what comes after them
 */
public record DecoderSpec(
    String family,
    int vocabSize,
    int hiddenSize,
    int contextLength,
    WeightSpec embedding,
    double embeddingScale,
    EmbeddingSpec carried,
    int carriedWidth,
    List<LayerProgram> layers,
    HeadSpec head) {

  /**
   * A stage and the layer that it belongs to.
   *
   * @param layer the layer; as many as there are layers for the head
   */
  public record StageOfLayer(int layer, Stage stage) {}

  public DecoderSpec {
    layers = List.copyOf(layers);
  }

  /** Whether norms are to lose nothing where the compute type is a half type. */
  public boolean normsExactly() {
    return head.norm().isExact();
  }

  /** The rows that a token starts with, the residual stream's first. */
  public List<EmbeddingSpec> embeddings() {
    EmbeddingSpec stream = new EmbeddingSpec(embedding, embeddingScale);
    return carried == null ? List.of(stream) : List.of(stream, carried);
  }

  /** Elements of a token between stages: of the residual stream and of what it carries. */
  public int stateWidth() {
    return hiddenSize + carriedWidth;
  }

  /** The same with a head of its own. */
  public DecoderSpec untied() {
    return new DecoderSpec(
        family,
        vocabSize,
        hiddenSize,
        contextLength,
        embedding,
        embeddingScale,
        carried,
        carriedWidth,
        layers,
        head.untied());
  }

  /** Whether the head is the embedding's matrix. */
  public boolean tiedHead() {
    return head.tied();
  }

  /** [vocab, hidden]: the head's own matrix, or the embedding's. */
  public WeightSpec headMatrix() {
    return head.tied() ? embedding : head.matrix();
  }

  /** All stages in the order of a sweep, the head as the last. */
  public List<StageOfLayer> stages() {
    List<StageOfLayer> stages = new ArrayList<>();
    for (int layer = 0; layer < layers.size(); layer++) {
      for (Stage stage : layers.get(layer).stages()) {
        stages.add(new StageOfLayer(layer, stage));
      }
    }
    stages.add(new StageOfLayer(layers.size(), headStage()));
    return stages;
  }

  private Stage headStage() {
    Buffer normed = new Buffer("normed", hiddenSize);
    Buffer logits = new Buffer("logits", vocabSize);
    Step product =
        new Step.Product(headMatrix(), null, normed, Step.Use.STORE, Activation.NONE, logits.all());
    return new Stage("head", LoopOrder.GATHERED, List.of(product));
  }

  /** The stages of all layers. */
  public Stream<Stage> layerStages() {
    return layers.stream().flatMap(layer -> layer.stages().stream());
  }

  /** The steps of all layers. */
  public Stream<Step> steps() {
    return layerStages().flatMap(stage -> stage.steps().stream());
  }

  /** The most experts that a layer gives to a token; 0 where none has experts. */
  public int mostChosen() {
    return steps()
        .filter(Step.Route.class::isInstance)
        .mapToInt(step -> ((Step.Route) step).routing().chosen())
        .max()
        .orElse(0);
  }

  /** How each layer attends. */
  public List<AttentionSpec> attentions() {
    return steps()
        .filter(Step.Attend.class::isInstance)
        .map(step -> ((Step.Attend) step).attention())
        .toList();
  }

  /** The delta rule of each layer that has one. */
  public List<RecurrenceSpec> recurrences() {
    return steps()
        .filter(Step.Recur.class::isInstance)
        .map(step -> ((Step.Recur) step).recurrence())
        .toList();
  }

  /** The most query heads of a layer. */
  public int mostHeads() {
    return attentions().stream().mapToInt(AttentionSpec::heads).max().orElse(0);
  }

  /** Whether tokens of long sequences are rotated otherwise in any layer. */
  public boolean rotatesByLength() {
    return attentions().stream()
        .anyMatch(attention -> attention.rope() != null && attention.rope().longer() != null);
  }

  /** Whether scores of all layers are products of queries and keys alone. */
  public boolean scoresPlainly() {
    return attentions().stream().allMatch(a -> a.softCap() == 0 && a.sinks() == null);
  }

  /** Whether any layer attends to keys and values of an earlier one. */
  public boolean sharesKeys() {
    return attentions().stream().anyMatch(AttentionSpec::sharesKeys);
  }

  /** The width of the widest head. */
  public int widestHead() {
    return attentions().stream().mapToInt(AttentionSpec::headDim).max().orElse(0);
  }

  /**
   * Every tensor that the forward pass needs, in the order of a sweep. A tied head is not among
   * them: its tensor is the embedding's.
   */
  public List<WeightSpec> weights() {
    Stream<WeightSpec> ofLayers = steps().flatMap(step -> step.weights().stream());
    Stream<WeightSpec> ofHead = Stream.of(head.norm(), headMatrix());
    Stream<WeightSpec> ofTokens = embeddings().stream().map(EmbeddingSpec::matrix);
    return Stream.of(ofTokens, ofLayers, ofHead).flatMap(weights -> weights).distinct().toList();
  }
}
