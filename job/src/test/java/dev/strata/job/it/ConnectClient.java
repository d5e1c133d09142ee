package dev.strata.job.it;

import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;

/** A program whose class path has a client of Spark Connect, and no Spark. */
final class ConnectClient {

  private ConnectClient() {}

  /** Prints the values of a statement's first row, given the server's address and the statement. */
  public static void main(String[] args) {
    SparkSession spark = SparkSession.builder().remote(args[0]).getOrCreate();
    Row row = spark.sql(args[1]).first();
    for (int i = 0; i < row.length(); i++) {
      System.out.println(row.get(i));
    }
    spark.stop();
  }
}
