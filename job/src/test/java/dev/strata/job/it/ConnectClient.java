package dev.strata.job.it;

import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;

/** A program whose class path has a client of Spark Connect, and no Spark. */
final class ConnectClient {

  private ConnectClient() {}

  /**
   * Runs statements in one session and prints the values of the last one's first row, given the
   * server's address and the statements.
   */
  public static void main(String[] args) {
    SparkSession spark = SparkSession.builder().remote(args[0]).getOrCreate();
    for (int i = 1; i < args.length - 1; i++) {
      spark.sql(args[i]).collect();
    }
    Row row = spark.sql(args[args.length - 1]).first();
    for (int i = 0; i < row.length(); i++) {
      System.out.println(row.get(i));
    }
    spark.stop();
  }
}
