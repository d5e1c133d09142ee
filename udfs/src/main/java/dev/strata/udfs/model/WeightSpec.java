package dev.strata.udfs.model;

import java.util.List;

/**
 * A tensor that the forward pass needs, or some rows of one.
 *
 * @param name the tensor's name in Hugging Face checkpoints
 * @param shape the tensor's: [rows, columns] of a matrix, [elements] of a vector; several matrices
 *     or vectors of one tensor follow one another, [matrices, rows, columns]
 * @param firstRow the first of the rows that are meant
 * @param rows how many; 1 of a vector, all of a convolution's filters
 * @param offset what is added to each element of a vector when it is read
 * @param use how it is used
 * @param other the same numbers in another layout, where a checkpoint has no tensor of this name;
 *     null for none
 */
public record WeightSpec(
    String name,
    List<Long> shape,
    int firstRow,
    int rows,
    double offset,
    Use use,
    WeightSpec other) {

  /** How the numbers are used. */
  public enum Use {
    /** Rows and columns that are streamed. */
    MATRIX,
    /** A vector, which stays resident. */
    VECTOR,
    /** The same in float32, whatever the type of the mathematics. */
    EXACT_VECTOR
  }

  private static final String BASE_MODEL = "model.";

  public WeightSpec {
    shape = List.copyOf(shape);
    if (firstRow < 0 || rows < 1 || firstRow + rows > rows(shape)) {
      throw new IllegalArgumentException(
          String.format("rows %d + %d of %s %s", firstRow, rows, name, shape));
    }
  }

  /** A tensor that has no other layout: a vector if it has one dimension, else a matrix. */
  public WeightSpec(String name, List<Long> shape, int firstRow, int rows, double offset) {
    this(name, shape, firstRow, rows, offset, shape.size() > 1 ? Use.MATRIX : Use.VECTOR, null);
  }

  private static long rows(List<Long> shape) {
    return shape.subList(0, shape.size() - 1).stream().reduce(1L, Math::multiplyExact);
  }

  /** A whole matrix. */
  static WeightSpec matrix(String name, int rows, int columns) {
    return new WeightSpec(name, List.of((long) rows, (long) columns), 0, rows, 0);
  }

  /** A matrix of several of equal size in one tensor, [matrices, rows, columns]. */
  static WeightSpec matrixOf(String name, int matrices, int index, int rows, int columns) {
    List<Long> shape = List.of((long) matrices, (long) rows, (long) columns);
    return new WeightSpec(name, shape, Math.multiplyExact(index, rows), rows, 0);
  }

  /** A vector of several in one tensor, [vectors, elements]. */
  static WeightSpec vectorOf(String name, int vectors, int index, int elements) {
    List<Long> shape = List.of((long) vectors, (long) elements);
    return new WeightSpec(name, shape, index, 1, 0, Use.VECTOR, null);
  }

  /** Some of its rows. */
  WeightSpec rows(int first, int count) {
    return new WeightSpec(name, shape, firstRow + first, count, offset, use, null);
  }

  /** The same of another name. */
  public WeightSpec named(String another) {
    return new WeightSpec(another, shape, firstRow, rows, offset, use, null);
  }

  /** The same that may be laid out otherwise. */
  WeightSpec or(WeightSpec layout) {
    return new WeightSpec(name, shape, firstRow, rows, offset, use, layout);
  }

  /** A vector. */
  static WeightSpec vector(String name, int elements) {
    return new WeightSpec(name, List.of((long) elements), 0, 1, 0);
  }

  /** A filter of [kernel] for each channel, [channels, 1, kernel], in float32. */
  static WeightSpec filters(String name, int channels, int kernel) {
    List<Long> shape = List.of((long) channels, 1L, (long) kernel);
    return new WeightSpec(name, shape, 0, channels, 0, Use.EXACT_VECTOR, null);
  }

  /** The same with something added to each element. */
  WeightSpec plus(double value) {
    return new WeightSpec(name, shape, firstRow, rows, offset + value, use, other);
  }

  /** The same vector in float32. */
  WeightSpec exactly() {
    return new WeightSpec(name, shape, firstRow, rows, offset, Use.EXACT_VECTOR, other);
  }

  /** Elements of a row. */
  public int columns() {
    return shape.get(shape.size() - 1).intValue();
  }

  /** Elements of the rows that are meant. */
  public long elements() {
    return (long) rows * columns();
  }

  /** Whether it has rows and columns, and is streamed; a vector otherwise, which stays resident. */
  public boolean isMatrix() {
    return use == Use.MATRIX;
  }

  /** Whether it is a vector in float32, whatever the type of the mathematics. */
  public boolean isExact() {
    return use == Use.EXACT_VECTOR;
  }

  /** Whether it is one of several vectors of one tensor. */
  public boolean isOneOfSeveral() {
    return use == Use.VECTOR && shape.size() > 1;
  }

  /**
   * The names that it may have in a checkpoint, the usual one first. As in Hugging Face
   * transformers, the model within a model with a head may be saved alone, or once more enclosed;
   * beside towers for images and sounds it is enclosed in one of several ways, older and newer.
   */
  public List<String> names() {
    return name.startsWith(BASE_MODEL)
        ? namesWithin(name.substring(BASE_MODEL.length()))
        : List.of(name, BASE_MODEL + name, "language_model." + name);
  }

  private List<String> namesWithin(String part) {
    return List.of(
        name,
        part,
        BASE_MODEL + name,
        "model.language_model." + part,
        "language_model.model." + part,
        "model.language_model.model." + part,
        "language_model." + part,
        "model.text_model." + part);
  }
}
