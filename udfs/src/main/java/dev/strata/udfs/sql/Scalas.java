package dev.strata.udfs.sql;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.List;
import scala.collection.immutable.ArraySeq;
import scala.collection.immutable.Seq;
import scala.jdk.javaapi.CollectionConverters;

/** Lists between Java and Scala. */
final class Scalas {

  private Scalas() {}

  @SuppressWarnings("unchecked") // an array that only this sequence knows
  static <T> Seq<T> seq(Collection<? extends T> list) {
    return (Seq<T>) ArraySeq.unsafeWrapArray(list.toArray());
  }

  @SafeVarargs
  @SuppressWarnings("varargs") // read alone
  static <T> Seq<T> seqOf(T... elements) {
    return seq(Arrays.asList(elements));
  }

  static <T> Seq<T> joined(Seq<T> first, Seq<T> second) {
    List<T> all = list(first);
    all.addAll(list(second));
    return seq(all);
  }

  static <T> List<T> list(scala.collection.Iterable<? extends T> elements) {
    return new ArrayList<>(CollectionConverters.asJavaCollection(elements));
  }
}
