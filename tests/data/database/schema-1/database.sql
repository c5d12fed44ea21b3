PRAGMA application_id = 1397052226;
PRAGMA user_version = 1;
PRAGMA page_size = 8192;
BEGIN TRANSACTION;
CREATE TABLE body (
    message_id INTEGER PRIMARY KEY REFERENCES sns_message (id),
    body BLOB NOT NULL
) STRICT;
INSERT INTO "body" VALUES(7,CAST('{
  "Type": "Notification",
  "MessageId": "f19ba0a2-ac6f-4429-ba83-d3abdd700d60",
  "TopicArn": "arn:aws:sns:us-east-1:123456789012:ses-feedback",
  "Message": "{\"notificationType\": \"Bounce\", \"mail\": {\"timestamp\": \"2026-11-27T19:54:58.552Z\", \"source\": \"news@shop.example\", \"sourceArn\": \"arn:aws:ses:us-east-1:123456789012:identity/shop.example\", \"sendingAccountId\": \"123456789012\", \"messageId\": \"0100018cc4e52200-edbbe2fc-e709-4d3d-9066-e3acdfd462b9-000000\", \"destination\": [\"ann@mail.example\"], \"headersTruncated\": false, \"headers\": [{\"name\": \"From\", \"value\": \"Shop <news@shop.example>\"}], \"commonHeaders\": {\"from\": [\"Shop <news@shop.example>\"], \"to\": [\"ann@mail.example\"], \"subject\": \"News\"}, \"sourceIp\": \"192.0.2.7\", \"callerIdentity\": \"mailer\"}, \"bounce\": {\"feedbackId\": \"0100018cc51c1080-22df4a70-ec4f-414a-ac32-ae7f47988da2-000000\", \"bounceType\": \"Permanent\", \"bounceSubType\": \"General\", \"bouncedRecipients\": [{\"emailAddress\": \"ann@mail.example\", \"action\": \"failed\", \"status\": \"5.1.1\", \"diagnosticCode\": \"smtp; 550 5.1.1 user unknown\"}], \"timestamp\": \"2026-11-27T19:54:58.552Z\", \"remoteMtaIp\": \"198.51.100.25\", \"reportingMTA\": \"dsn; a8-70.smtp-out.amazonses.com\"}}",
  "Timestamp": "2024-01-01T13:00:00.000Z",
  "SignatureVersion": "2",
  "UnsubscribeURL": "https://sns.us-east-1.amazonaws.com/?Action=Unsubscribe&SubscriptionArn=arn:aws:sns:us-east-1:123456789012:ses-feedback:0763d782-c212-4657-81e1-0429df76c422",
  "SigningCertURL": "https://sns.us-east-1.amazonaws.com/SimpleNotificationService-df722dbc71790da0e3a8cf56982e8e62.pem",
  "Signature": "VevoYh4neIZUVr5okYtkRNp+9j9htJtnFA389O5Gwodkoy+KICXUX9pUP9R1tuI627/7VjFq0lZwPujFdZG/DtHgJd8lUKVI9JdOFIwDDtbb12h8MnSORChQqc7jiMQiw83jwnzeW33NcDwX5+HoAHTnKqE+TOfq5gKt3hXtyO94DGYejLyLmIqLFjeHYRZyOf4/cGp8hH2DsS4HvOIJx931gRRmtC4+ED38ON8JZUoCMrn+innoY9ry/j6RBaydZEPimjL2h7YdRbpDJgHuy/tXnilkyPO/CgnV6vdlGkaVeO6+XvUzcug72a+D5X6BditdzID8yPCnf8fBbJM0PQ=="
}' AS BLOB));
INSERT INTO "body" VALUES(9,CAST('{
  "Type": "Notification",
  "MessageId": "7a0c59f1-8449-40e3-942c-82a0d6f9066f",
  "TopicArn": "arn:aws:sns:us-east-1:123456789012:ses-feedback",
  "Message": "{\"notificationType\": \"Bounce\", \"mail\": {\"timestamp\": \"2026-11-27T19:54:58.552Z\", \"source\": \"news@shop.example\", \"sourceArn\": \"arn:aws:ses:us-east-1:123456789012:identity/shop.example\", \"sendingAccountId\": \"123456789012\", \"messageId\": \"010001a21e934878-6efefd5c-69d2-4eb3-8eb0-990caf1ed202-000000\", \"destination\": [\"ben@mail.example\"], \"headersTruncated\": false, \"headers\": [{\"name\": \"From\", \"value\": \"Shop <news@shop.example>\"}], \"commonHeaders\": {\"from\": [\"Shop <news@shop.example>\"], \"to\": [\"ben@mail.example\"], \"subject\": \"News\"}, \"sourceIp\": \"192.0.2.7\", \"callerIdentity\": \"mailer\"}, \"bounce\": {\"feedbackId\": \"010001a21e934878-c52f8ff4-b0e7-417f-bb12-44e87392d9e8-000000\", \"bounceType\": \"Transient\", \"bounceSubType\": \"MailboxFull\", \"bouncedRecipients\": [{\"emailAddress\": \"ben@mail.example\", \"action\": \"failed\", \"status\": \"5.1.1\", \"diagnosticCode\": \"smtp; 550 5.1.1 user unknown\"}], \"timestamp\": \"2026-11-27T19:54:58.552Z\", \"remoteMtaIp\": \"198.51.100.25\", \"reportingMTA\": \"dsn; a8-70.smtp-out.amazonses.com\"}}",
  "Timestamp": "2024-01-03T12:00:00.000Z",
  "SignatureVersion": "2",
  "UnsubscribeURL": "https://sns.us-east-1.amazonaws.com/?Action=Unsubscribe&SubscriptionArn=arn:aws:sns:us-east-1:123456789012:ses-feedback:0dab7f31-8410-47ed-bce6-b626326d7ad3",
  "SigningCertURL": "https://sns.us-east-1.amazonaws.com/SimpleNotificationService-df722dbc71790da0e3a8cf56982e8e62.pem",
  "Signature": "ScMnNtOpVn39nFwA0r5aJBIFGwIFcFZIeI4ABEa//o94VXNkvN3WvfJ8uDlELEouYZrZayJ8JQn+la/d1dsHfWW7FFZGpjNGIqrUngynIIEJjp0F67zkoFD/aMYBCDhnsfUr7YPhFckxxJGcNd3OHudf20AvofYgeRw91fA4EvQoi2MB54YMKQE5Efcj1KwPrYU02yonZ4h2hPY7nt5x55eiNSq/kIj79xU+PMpPJjtAimCFw8bG/DmhGCefNFoe+x3iuX/iTLlnv9y+d6kG2pPEF+hTULYDT7CE0gyt68X2uapwbKqCg/r515h4dYH+VrEfjbO2FEER+yMQVcFAkw=="
}' AS BLOB));
INSERT INTO "body" VALUES(10,CAST('{
  "Type": "Notification",
  "MessageId": "6b25d9a0-5d11-4194-a6b8-ddfb3e40795f",
  "TopicArn": "arn:aws:sns:us-east-1:123456789012:ses-feedback",
  "Message": "{\"notificationType\": \"Bounce\", \"mail\": {\"timestamp\": \"2026-11-27T19:54:58.552Z\", \"source\": \"news@shop.example\", \"sourceArn\": \"arn:aws:ses:us-east-1:123456789012:identity/shop.example\", \"sendingAccountId\": \"123456789012\", \"messageId\": \"010001a21e934878-34f39512-a972-44d4-b3e2-194e00059dd4-000000\", \"destination\": [\"cyd@mail.example\"], \"headersTruncated\": false, \"headers\": [{\"name\": \"From\", \"value\": \"Shop <news@shop.example>\"}], \"commonHeaders\": {\"from\": [\"Shop <news@shop.example>\"], \"to\": [\"cyd@mail.example\"], \"subject\": \"News\"}, \"sourceIp\": \"192.0.2.7\", \"callerIdentity\": \"mailer\"}, \"bounce\": {\"feedbackId\": \"010001a21e934878-acf71d9c-9c64-4267-9d30-5d859dfc0be8-000000\", \"bounceType\": \"Transient\", \"bounceSubType\": \"General\", \"bouncedRecipients\": [{\"emailAddress\": \"cyd@mail.example\", \"action\": \"failed\", \"status\": \"5.1.1\", \"diagnosticCode\": \"smtp; 550 5.1.1 user unknown\"}], \"timestamp\": \"2026-11-27T19:54:58.552Z\", \"remoteMtaIp\": \"198.51.100.25\", \"reportingMTA\": \"dsn; a8-70.smtp-out.amazonses.com\"}}",
  "Timestamp": "2024-01-03T12:00:00.000Z",
  "SignatureVersion": "2",
  "UnsubscribeURL": "https://sns.us-east-1.amazonaws.com/?Action=Unsubscribe&SubscriptionArn=arn:aws:sns:us-east-1:123456789012:ses-feedback:66c7cc04-3e2c-448c-929a-7acf7dbbfd35",
  "SigningCertURL": "https://sns.us-east-1.amazonaws.com/SimpleNotificationService-df722dbc71790da0e3a8cf56982e8e62.pem",
  "Signature": "Huq88q6uRkM+jLTd+lp2oCEb10szrB5P/xKYLwLxQGFS6UZHvyTgxLDJkpE281wLxbPNHBqlLZd+oVBujZ+rHJ7wlmX4xNXZVDbZKsugN5dWivk9Nku6QkX0+YzQRGtBKzm/btBRup9DEqJfvRA1dnxmKOsTE4eAtvedevKtMDvs8jg7EsvTLiMEOoOHiaJg3kxNk7k2VhMXklMMTJ6GvtQVwTnGlxZ7xdan7yYP/pzTv8tWLVreIXqhFRN1PV8C6eqNwhUPsOpO5YDo5RNc7zGU4AyPSZATBwD7sba2kU30XxF8OLamVQYunASj/fWZ/WJslvNO12rJGKjEIC/Smg=="
}' AS BLOB));
INSERT INTO "body" VALUES(11,CAST('{
  "Type": "Notification",
  "MessageId": "a14c202e-417b-40f5-87a6-0dce4d81ac30",
  "TopicArn": "arn:aws:sns:us-east-1:123456789012:ses-feedback",
  "Message": "{\"notificationType\": \"Bounce\", \"mail\": {\"timestamp\": \"2026-11-27T19:54:58.552Z\", \"source\": \"news@shop.example\", \"sourceArn\": \"arn:aws:ses:us-east-1:123456789012:identity/shop.example\", \"sendingAccountId\": \"123456789012\", \"messageId\": \"010001a21e934878-a0c056d7-5e8f-4944-b72f-b6725225236f-000000\", \"destination\": [\"cyd@mail.example\"], \"headersTruncated\": false, \"headers\": [{\"name\": \"From\", \"value\": \"Shop <news@shop.example>\"}], \"commonHeaders\": {\"from\": [\"Shop <news@shop.example>\"], \"to\": [\"cyd@mail.example\"], \"subject\": \"News\"}, \"sourceIp\": \"192.0.2.7\", \"callerIdentity\": \"mailer\"}, \"bounce\": {\"feedbackId\": \"010001a21e934878-1b0b510b-4a96-4aa5-9d0f-0691f5725a14-000000\", \"bounceType\": \"Transient\", \"bounceSubType\": \"General\", \"bouncedRecipients\": [{\"emailAddress\": \"cyd@mail.example\", \"action\": \"failed\", \"status\": \"5.1.1\", \"diagnosticCode\": \"smtp; 550 5.1.1 user unknown\"}], \"timestamp\": \"2026-11-27T19:54:58.552Z\", \"remoteMtaIp\": \"198.51.100.25\", \"reportingMTA\": \"dsn; a8-70.smtp-out.amazonses.com\"}}",
  "Timestamp": "2024-01-05T12:00:00.000Z",
  "SignatureVersion": "2",
  "UnsubscribeURL": "https://sns.us-east-1.amazonaws.com/?Action=Unsubscribe&SubscriptionArn=arn:aws:sns:us-east-1:123456789012:ses-feedback:dfbc2f0f-973d-4af8-a4eb-34b5e9dfb666",
  "SigningCertURL": "https://sns.us-east-1.amazonaws.com/SimpleNotificationService-df722dbc71790da0e3a8cf56982e8e62.pem",
  "Signature": "pdYPlBAuUwLXmmvyeM0W12m23s12eParXZTy7+h9LU60IA0ECXSeJ8sbhqi6DaWbrQl5EOxw65Gco6GjlVdnM88+lGQU425Mx/ahkLi/HPc/bOu5le6T4/Gf1BJKyDGip/gck3RHQSyThW1Lo6c8q6W1/P0XaVvcE/o8YaI9dk866V189ZeA+GQ5S0iD4nWSFXoZInO3LFPrcTKbaodq9CcfPLoa/HJsgw1BE/D5P8mQcZpYmL8u4qhgKJzfnp753r082DuRD4/ECbL3jb0aLRuWx7sY5tl4f+axpMnx+5poemW4S+OyAMENKAvVzNh1OtfwiBCYtKGhoLxDj3ynZg=="
}' AS BLOB));
INSERT INTO "body" VALUES(12,CAST('{
  "Type": "Notification",
  "MessageId": "66fe1673-dc53-4c42-a869-ed84f3bc1a4c",
  "TopicArn": "arn:aws:sns:us-east-1:123456789012:ses-feedback",
  "Message": "{\"notificationType\": \"Bounce\", \"mail\": {\"timestamp\": \"2026-11-27T19:54:58.552Z\", \"source\": \"news@shop.example\", \"sourceArn\": \"arn:aws:ses:us-east-1:123456789012:identity/shop.example\", \"sendingAccountId\": \"123456789012\", \"messageId\": \"010001a21e934878-8dd8b41b-f776-4d3e-8952-62c7a174371f-000000\", \"destination\": [\"dan@mail.example\"], \"headersTruncated\": false, \"headers\": [{\"name\": \"From\", \"value\": \"Shop <news@shop.example>\"}], \"commonHeaders\": {\"from\": [\"Shop <news@shop.example>\"], \"to\": [\"dan@mail.example\"], \"subject\": \"News\"}, \"sourceIp\": \"192.0.2.7\", \"callerIdentity\": \"mailer\"}, \"bounce\": {\"feedbackId\": \"010001a21e934878-40d98dff-8eaa-487b-a6e5-d7f3658d78c9-000000\", \"bounceType\": \"Transient\", \"bounceSubType\": \"General\", \"bouncedRecipients\": [{\"emailAddress\": \"dan@mail.example\", \"action\": \"failed\", \"status\": \"5.1.1\", \"diagnosticCode\": \"smtp; 550 5.1.1 user unknown\"}], \"timestamp\": \"2026-11-27T19:54:58.552Z\", \"remoteMtaIp\": \"198.51.100.25\", \"reportingMTA\": \"dsn; a8-70.smtp-out.amazonses.com\"}}",
  "Timestamp": "2099-01-03T12:00:00.000Z",
  "SignatureVersion": "2",
  "UnsubscribeURL": "https://sns.us-east-1.amazonaws.com/?Action=Unsubscribe&SubscriptionArn=arn:aws:sns:us-east-1:123456789012:ses-feedback:909c0660-c028-4de1-9ced-a5ecc628cf17",
  "SigningCertURL": "https://sns.us-east-1.amazonaws.com/SimpleNotificationService-df722dbc71790da0e3a8cf56982e8e62.pem",
  "Signature": "Uhl3mqHIfO8REMPo+WulGGn7QKSrVGlTwN16dnGe/pmEmCvRqa7W0AqudgA4O8MlAylV/8qhloF+wnQUltzZftgIkF9qVz1+dIVX5ospi9dgaAN4a4abqBQPJ5Rjji4+hSdCRMbMi4pznGtnL86SwXkBrDDcrqkJOFf16hON9SEih0HG6LxFsb3aKLmlYCkHZQK/MsZdAGaOxdbY+ula0qmK9wbS0L7ndHoHHQ33WOzT6PHGUHGot48+0hA1X6B0Oy6oseSQXdX9VR5DeDu8JrfnurHQFRNGcuos9aEXGmfq1JW4PznkeY8odnVbb6hWbw5Fu1iZd/Qj5af6P7xrOA=="
}' AS BLOB));
INSERT INTO "body" VALUES(13,CAST('{
  "Type": "Notification",
  "MessageId": "de220354-99da-4691-bceb-5718723d1602",
  "TopicArn": "arn:aws:sns:us-east-1:123456789012:ses-feedback",
  "Message": "{\"notificationType\": \"Bounce\", \"mail\": {\"timestamp\": \"2026-11-27T19:54:58.552Z\", \"source\": \"news@shop.example\", \"sourceArn\": \"arn:aws:ses:us-east-1:123456789012:identity/shop.example\", \"sendingAccountId\": \"123456789012\", \"messageId\": \"010001a21e934878-48ba1140-6012-4d87-8e8a-c9d9c0ac1bd7-000000\", \"destination\": [\"eve@mail.example\"], \"headersTruncated\": false, \"headers\": [{\"name\": \"From\", \"value\": \"Shop <news@shop.example>\"}], \"commonHeaders\": {\"from\": [\"Shop <news@shop.example>\"], \"to\": [\"eve@mail.example\"], \"subject\": \"News\"}, \"sourceIp\": \"192.0.2.7\", \"callerIdentity\": \"mailer\"}, \"bounce\": {\"feedbackId\": \"010001a21e934878-09f43651-2377-47d0-9cac-61d5d9446d54-000000\", \"bounceType\": \"Permanent\", \"bounceSubType\": \"Suppressed\", \"bouncedRecipients\": [{\"emailAddress\": \"eve@mail.example\", \"action\": \"failed\", \"status\": \"5.1.1\", \"diagnosticCode\": \"smtp; 550 5.1.1 user unknown\"}], \"timestamp\": \"2026-11-27T19:54:58.552Z\", \"remoteMtaIp\": \"198.51.100.25\", \"reportingMTA\": \"dsn; a8-70.smtp-out.amazonses.com\"}}",
  "Timestamp": "2024-01-06T12:00:00.000Z",
  "SignatureVersion": "2",
  "UnsubscribeURL": "https://sns.us-east-1.amazonaws.com/?Action=Unsubscribe&SubscriptionArn=arn:aws:sns:us-east-1:123456789012:ses-feedback:a41c81c5-eca2-4eca-934a-5b39b224e30c",
  "SigningCertURL": "https://sns.us-east-1.amazonaws.com/SimpleNotificationService-df722dbc71790da0e3a8cf56982e8e62.pem",
  "Signature": "WJqQmZPTFVIW9cFqKOMThCMn+UO55QyVOaFqkoUJJ7S/4RcKfY3nEzjvjdgbJ1uG5qnG/jlQPHQ0eC3ZZzXByRG9vhlDVVtgnuArrU0gOiPBeNDNHDjtEiTZHfycm7cRz3mXjyOjer70fc5LZ4Qt3MVCLAFP/Vz72pR/lIf63AxrKkVHxOr71SC7W7AGU3pwSghLWQ+0/nujurlHbIh/WmCJ+5HGbbcfgFb/KSLeZ5YHdY5VvaKzkBRR41s1n47dSmZwbj/MIeXNB3RGDBsQMsZd7XFsu98CbuY7Eh+UJoBXHoKPMJVLqdGFb/U349tdjYWnSDhdQ4LTVchuUKXCyA=="
}' AS BLOB));
INSERT INTO "body" VALUES(14,CAST('{
  "Type": "Notification",
  "MessageId": "dd9c582a-e490-4319-a678-a331219bf110",
  "TopicArn": "arn:aws:sns:us-east-1:123456789012:ses-feedback",
  "Message": "{\"notificationType\": \"Complaint\", \"mail\": {\"timestamp\": \"2026-11-27T19:54:58.552Z\", \"source\": \"news@shop.example\", \"sourceArn\": \"arn:aws:ses:us-east-1:123456789012:identity/shop.example\", \"sendingAccountId\": \"123456789012\", \"messageId\": \"010001a21e934878-127b0330-30e0-4959-8b99-071ba90021a5-000000\", \"destination\": [\"fay@mail.example\"], \"headersTruncated\": false, \"headers\": [{\"name\": \"From\", \"value\": \"Shop <news@shop.example>\"}], \"commonHeaders\": {\"from\": [\"Shop <news@shop.example>\"], \"to\": [\"fay@mail.example\"], \"subject\": \"News\"}, \"sourceIp\": \"192.0.2.7\", \"callerIdentity\": \"mailer\"}, \"complaint\": {\"feedbackId\": \"010001a21e934878-16b0b79e-2a22-4649-9359-6106fdb95d00-000000\", \"complaintSubType\": null, \"complainedRecipients\": [{\"emailAddress\": \"fay@mail.example\"}], \"timestamp\": \"2026-11-27T19:54:58.552Z\", \"userAgent\": \"ExampleCorp Feedback Loop (V0.01)\", \"arrivalDate\": \"2026-11-27T19:54:58.552Z\", \"complaintFeedbackType\": \"abuse\"}}",
  "Timestamp": "2024-01-07T12:00:00.000Z",
  "SignatureVersion": "2",
  "UnsubscribeURL": "https://sns.us-east-1.amazonaws.com/?Action=Unsubscribe&SubscriptionArn=arn:aws:sns:us-east-1:123456789012:ses-feedback:7e081a45-0ee5-445e-aaa3-d4fa37e58c2a",
  "SigningCertURL": "https://sns.us-east-1.amazonaws.com/SimpleNotificationService-df722dbc71790da0e3a8cf56982e8e62.pem",
  "Signature": "Ss5/GvX48l+5wMRa81IZ83ayWzsRYzEeCGSgtivkWSQvqnpj9ou4DeSkLHAh6z0RZ8tzEen8Ao19JQNQ/1bKC/JCQiDN4Q4Byeq6/o2mWkQ+r/J59qloRImsgUWcafFOgSegPczRvvdE4wfBVII+ZuGSxtU9l+/OjWsVAxv0LyXZg2GWoBcdtAH6P/fbfyr42m3PjnyL+t1HMOy8VWKGvMpi5I8d4nn28LjMUPledUg1u9hFb0fY1W/hO7wkTIctNGWk68n9lFnxPvjwBToiFIIAck9StF0yp2OcYDDCrrDctXB0DmIbbvdJZAskJ2/Vno0YptFmpo++LJvUtkk96A=="
}' AS BLOB));
INSERT INTO "body" VALUES(15,CAST('{
  "Type": "Notification",
  "MessageId": "4d96ecd9-d858-499b-b119-0485d960f585",
  "TopicArn": "arn:aws:sns:us-east-1:123456789012:ses-feedback",
  "Message": "{\"notificationType\": \"Complaint\", \"mail\": {\"timestamp\": \"2026-11-27T19:54:58.552Z\", \"source\": \"news@shop.example\", \"sourceArn\": \"arn:aws:ses:us-east-1:123456789012:identity/shop.example\", \"sendingAccountId\": \"123456789012\", \"messageId\": \"010001a21e934878-46d6feef-4442-44e5-b481-6a3e5a77b589-000000\", \"destination\": [\"kim@mail.example\", \"lea@mail.example\", \"max@mail.example\"], \"headersTruncated\": false, \"headers\": [{\"name\": \"From\", \"value\": \"Shop <news@shop.example>\"}], \"commonHeaders\": {\"from\": [\"Shop <news@shop.example>\"], \"to\": [\"kim@mail.example\", \"lea@mail.example\", \"max@mail.example\"], \"subject\": \"News\"}, \"sourceIp\": \"192.0.2.7\", \"callerIdentity\": \"mailer\"}, \"complaint\": {\"feedbackId\": \"010001a21e934878-21ba94c2-831d-4d22-8a5a-7be7c0934e7e-000000\", \"complaintSubType\": null, \"complainedRecipients\": [{\"emailAddress\": \"kim@mail.example\"}, {\"emailAddress\": \"lea@mail.example\"}, {\"emailAddress\": \"max@mail.example\"}], \"timestamp\": \"2026-11-27T19:54:58.552Z\", \"userAgent\": \"ExampleCorp Feedback Loop (V0.01)\", \"arrivalDate\": \"2026-11-27T19:54:58.552Z\", \"complaintFeedbackType\": \"abuse\"}}",
  "Timestamp": "2024-01-07T13:00:00.000Z",
  "SignatureVersion": "2",
  "UnsubscribeURL": "https://sns.us-east-1.amazonaws.com/?Action=Unsubscribe&SubscriptionArn=arn:aws:sns:us-east-1:123456789012:ses-feedback:f5ed27de-94cb-4a2a-9c9a-8000a5460c21",
  "SigningCertURL": "https://sns.us-east-1.amazonaws.com/SimpleNotificationService-df722dbc71790da0e3a8cf56982e8e62.pem",
  "Signature": "eN5f80EsLUpJTaHIrxFC9uurpHxcclbyWqe0XN2GYh0RhDJd2Du+RiXA+AI6crFg10Pbazsl/4dl14HcO7CVqx9QtP6tXqXZMeacgnkUobQHbCnFEY+9ntTeu0c8ppC1KS+gZP/ZSv3AK9Lcfl8UJkAuVoMD6/Azmsf/l/os9+zV6AZ+poHh539e+ZCNVzhSSJrDneAc3rLCMOHrJp9Gw7D4f1QbN5ebMdHpxiJQqNpSpKJLw+SFWhu+SUamKQEdMJnE6bUKIfpzZetArmGHXu8sJDt+xyct4o/+NTF0FZWQFotMq5TQeZRTuudTQW5giHHAECvHyTXibkgBI/IVag=="
}' AS BLOB));
INSERT INTO "body" VALUES(16,CAST('{
  "Type": "Notification",
  "MessageId": "da318401-fffa-407d-a7b7-db54203d9b9e",
  "TopicArn": "arn:aws:sns:us-east-1:123456789012:ses-feedback",
  "Message": "{\"notificationType\": \"Complaint\", \"mail\": {\"timestamp\": \"2026-11-27T19:54:58.552Z\", \"source\": \"news@shop.example\", \"sourceArn\": \"arn:aws:ses:us-east-1:123456789012:identity/shop.example\", \"sendingAccountId\": \"123456789012\", \"messageId\": \"010001a21e934878-1f0c6bb0-68d5-48db-89b1-66abfcd16379-000000\", \"destination\": [\"ann@mail.example\"], \"headersTruncated\": false, \"headers\": [{\"name\": \"From\", \"value\": \"Shop <news@shop.example>\"}], \"commonHeaders\": {\"from\": [\"Shop <news@shop.example>\"], \"to\": [\"ann@mail.example\"], \"subject\": \"News\"}, \"sourceIp\": \"192.0.2.7\", \"callerIdentity\": \"mailer\"}, \"complaint\": {\"feedbackId\": \"010001a21e934878-38a01b6f-4c1e-4de7-ac94-83a8fdfc2334-000000\", \"complaintSubType\": null, \"complainedRecipients\": [{\"emailAddress\": \"ann@mail.example\"}], \"timestamp\": \"2026-11-27T19:54:58.552Z\", \"userAgent\": \"ExampleCorp Feedback Loop (V0.01)\", \"arrivalDate\": \"2026-11-27T19:54:58.552Z\", \"complaintFeedbackType\": \"not-spam\"}}",
  "Timestamp": "2024-01-07T14:00:00.000Z",
  "SignatureVersion": "2",
  "UnsubscribeURL": "https://sns.us-east-1.amazonaws.com/?Action=Unsubscribe&SubscriptionArn=arn:aws:sns:us-east-1:123456789012:ses-feedback:6d2f4cc6-d602-4a86-9e73-7e818fae3c9a",
  "SigningCertURL": "https://sns.us-east-1.amazonaws.com/SimpleNotificationService-df722dbc71790da0e3a8cf56982e8e62.pem",
  "Signature": "qrGBK736ANgdnqJ00AzlEKo8/jHLZyP7arykt38cl9M8yXxAUaQKoWhAnk1K/smqkeyVvuz05AlUVDXRT8xEiMD0IWfu9o1FlOWyXJtRR9XzJ3UoxjTx9WSx7vJkP5UrfRY68GDcKYKebaOMU6GiYrZn5vbCoSg+ZX/9xRKXDmtpelx8hJeD92USbQqHh0Ko3FDa0uj/Pk+mrPYX9d8SvoYI31YXIGVloQM6rk1zGvAMjcJP2Du7Wzu9B7biv299XpuQQ+jqcLxJ7byAIcBTzXh/QQ1Q9YOoD029Vs1ocX8NKOCuKmeMgiagu7fb/cxFknjsr7Gldj/C4+rXje75CQ=="
}' AS BLOB));
INSERT INTO "body" VALUES(17,CAST('{
  "Type": "Notification",
  "MessageId": "6039757f-d984-4a7b-b47e-f503d6b6c202",
  "TopicArn": "arn:aws:sns:us-east-1:123456789012:ses-feedback",
  "Message": "{\"notificationType\": \"Bounce\", \"mail\": {\"timestamp\": \"2026-11-27T19:54:58.552Z\", \"source\": \"news@shop.example\", \"sourceArn\": \"arn:aws:ses:us-east-1:123456789012:identity/shop.example\", \"sendingAccountId\": \"123456789012\", \"messageId\": \"010001a21e934878-04f484a5-b972-4466-8245-ce7336141045-000000\", \"destination\": [\"gus@mail.example\"], \"headersTruncated\": false, \"headers\": [{\"name\": \"From\", \"value\": \"Shop <news@shop.example>\"}], \"commonHeaders\": {\"from\": [\"Shop <news@shop.example>\"], \"to\": [\"gus@mail.example\"], \"subject\": \"News\"}, \"sourceIp\": \"192.0.2.7\", \"callerIdentity\": \"mailer\"}, \"bounce\": {\"feedbackId\": \"010001a21e934878-783d9e98-0bc4-4f54-be35-b06622b9316c-000000\", \"bounceType\": \"Permanent\", \"bounceSubType\": \"General\", \"bouncedRecipients\": [{\"emailAddress\": \"gus@mail.example\", \"action\": \"failed\", \"status\": \"5.7.1\", \"diagnosticCode\": \"smtp; 554 5.7.1 listed on a DNS blocklist\"}], \"timestamp\": \"2026-11-27T19:54:58.552Z\", \"remoteMtaIp\": \"198.51.100.25\", \"reportingMTA\": \"dsn; a8-70.smtp-out.amazonses.com\"}}",
  "Timestamp": "2024-01-08T12:00:00.000Z",
  "SignatureVersion": "2",
  "UnsubscribeURL": "https://sns.us-east-1.amazonaws.com/?Action=Unsubscribe&SubscriptionArn=arn:aws:sns:us-east-1:123456789012:ses-feedback:10522ba1-e51b-4aae-8a1c-211ed6feded8",
  "SigningCertURL": "https://sns.us-east-1.amazonaws.com/SimpleNotificationService-df722dbc71790da0e3a8cf56982e8e62.pem",
  "Signature": "mPDECDNdpBh7PmR1/VMrSvNRsXRlqV+IdhLMHLm90+O4FX6BigRXu8gPYToEhZxCv/LMqNO90cNPfBXi38Viy1nSaGLtmyAqxvcN42s6RC7tJOHGifdrWZTM3TarRxDEMFiZl33mdq7+q4DxBsK4Pmh+9EX8R/EddDEMxO1z8qfll5mhVZPrgvjzklEAkhr1DxJLIYYDmdrghC2WpOchNAPFnOLZHvC64kALBOmh9OVYIMI2PoEN76HRkoXPhtvIrN01606pfLskzWRfKYt6ZM8OBWsMpssfm+lLGj4mnL43zfBlUHhJzH38epnEnXEp6dtQUqtpnXRtLASCahB90A=="
}' AS BLOB));
INSERT INTO "body" VALUES(18,CAST('{
  "Type": "Notification",
  "MessageId": "0674ed07-1877-4f80-ba65-b9d2bde376b3",
  "TopicArn": "arn:aws:sns:us-east-1:123456789012:ses-feedback",
  "Message": "{\"notificationType\": \"Bounce\", \"mail\": {\"timestamp\": \"2026-11-27T19:54:58.552Z\", \"source\": \"news@shop.example\", \"sourceArn\": \"arn:aws:ses:us-east-1:123456789012:identity/shop.example\", \"sendingAccountId\": \"123456789012\", \"messageId\": \"010001a21e934878-5cfe7729-0480-4b93-ab42-28bc4877e0ff-000000\", \"destination\": [\"bounce@simulator.amazonses.com\"], \"headersTruncated\": false, \"headers\": [{\"name\": \"From\", \"value\": \"Shop <news@shop.example>\"}], \"commonHeaders\": {\"from\": [\"Shop <news@shop.example>\"], \"to\": [\"bounce@simulator.amazonses.com\"], \"subject\": \"News\"}, \"sourceIp\": \"192.0.2.7\", \"callerIdentity\": \"mailer\"}, \"bounce\": {\"feedbackId\": \"010001a21e934878-4cbdd8bc-db42-465e-bec5-02fec63c8db1-000000\", \"bounceType\": \"Permanent\", \"bounceSubType\": \"General\", \"bouncedRecipients\": [{\"emailAddress\": \"bounce@simulator.amazonses.com\", \"action\": \"failed\", \"status\": \"5.1.1\", \"diagnosticCode\": \"smtp; 550 5.1.1 user unknown\"}], \"timestamp\": \"2026-11-27T19:54:58.552Z\", \"remoteMtaIp\": \"198.51.100.25\", \"reportingMTA\": \"dsn; a8-70.smtp-out.amazonses.com\"}}",
  "Timestamp": "2024-01-08T13:00:00.000Z",
  "SignatureVersion": "2",
  "UnsubscribeURL": "https://sns.us-east-1.amazonaws.com/?Action=Unsubscribe&SubscriptionArn=arn:aws:sns:us-east-1:123456789012:ses-feedback:9f839332-3703-454b-8fe5-fbceafd13508",
  "SigningCertURL": "https://sns.us-east-1.amazonaws.com/SimpleNotificationService-df722dbc71790da0e3a8cf56982e8e62.pem",
  "Signature": "bA2vSzEtL/aj+MZEmaH5JBTyl/kZX5dUA5m4L3icaxcM/d48dWUzv+SghN+IISEV4kk8YFWpjegVVMXYm5MdGo4nYMh5qW7El2Ad+fuQ2ejqa7+swAx7n4v+aUt+WkNeSmiwbczq3pK03aUoEyzoH09dYFKd25fbRoT3jzExI406hYKlpuJ3JZor2Kda5aAITxNP/3wdy9RQJoSBr5OlvKb9jsZeNENm+1zuQbfo1cJ5V4+J+XC3aV9Mv3kBi6YprxlZpi1/+mTEm3F0U4K8y4xWLoi9hH5MVfHOM/hKCXX+gfLnMaovy6tgu+qllfI3EHQKMzanYqoV21XZ8bicjQ=="
}' AS BLOB));
INSERT INTO "body" VALUES(19,CAST('{
  "Type": "Notification",
  "MessageId": "4f982624-5be4-4acc-b70a-289cbe0cfcb4",
  "TopicArn": "arn:aws:sns:us-east-1:123456789012:ses-feedback",
  "Message": "{\"notificationType\": \"Bounce\", \"mail\": {\"timestamp\": \"2026-11-27T19:54:58.552Z\", \"source\": \"news@shop.example\", \"sourceArn\": \"arn:aws:ses:us-east-1:123456789012:identity/shop.example\", \"sendingAccountId\": \"123456789012\", \"messageId\": \"010001a21e934878-5f288fa9-b9c3-473d-a272-4e425e5bc17f-000000\", \"destination\": [\"hal@mail.example\"], \"headersTruncated\": false, \"headers\": [{\"name\": \"From\", \"value\": \"Shop <news@shop.example>\"}], \"commonHeaders\": {\"from\": [\"Shop <news@shop.example>\"], \"to\": [\"hal@mail.example\"], \"subject\": \"News\"}, \"sourceIp\": \"192.0.2.7\", \"callerIdentity\": \"mailer\"}, \"bounce\": {\"feedbackId\": \"010001a21e934878-6faeacd2-9801-4c49-b3d1-18262e493a3a-000000\", \"bounceType\": \"Permanent\", \"bounceSubType\": \"General\", \"bouncedRecipients\": [{\"emailAddress\": \"hal@mail.example\", \"action\": \"failed\", \"status\": \"5.1.1\", \"diagnosticCode\": \"smtp; 550 5.1.1 user unknown\"}], \"timestamp\": \"2026-11-27T19:54:58.552Z\", \"remoteMtaIp\": \"198.51.100.25\", \"reportingMTA\": \"dsn; a8-70.smtp-out.amazonses.com\"}}",
  "Timestamp": "2024-01-09T12:00:00.000Z",
  "SignatureVersion": "2",
  "UnsubscribeURL": "https://sns.us-east-1.amazonaws.com/?Action=Unsubscribe&SubscriptionArn=arn:aws:sns:us-east-1:123456789012:ses-feedback:a82185bb-c52e-4c59-8d4d-e0485f80d03b",
  "SigningCertURL": "https://sns.us-east-1.amazonaws.com/SimpleNotificationService-df722dbc71790da0e3a8cf56982e8e62.pem",
  "Signature": "iVYuZ5uAi/U63Z2kgbyfz6SEwGmYqDzIkJu8PND1BI4DGFW+NTEFpYe2qhVobpgKVhXslrV4xr0eC1wgmeAqCdxRLbWuWiWpa4cCxSKYeVj3ijT9hvzC3NQBqe3Y1+1auvgJcKPz8MwUZvcJG633V26NQU4JFYaaGWAkLSuyXcF7qkGAKO7DAotFzi3MY6P0Ya8bi3qNm2ZcGCGRuibF5zbk7G4aNiyWfLJeiax7CKgTZojUQfHSQnTMeJGMPG57HEUFefWa3i+vjc/VqEX6i3+OxL3R2ho0hJQLacG37Ls50R+ldubkv+hB5mm/UF2X1bWGLJ4mWSORsARWQjDbzw=="
}' AS BLOB));
INSERT INTO "body" VALUES(20,CAST('{
  "Type": "Notification",
  "MessageId": "4f6da784-c856-4e29-a9ff-32dc1e54b383",
  "TopicArn": "arn:aws:sns:us-east-1:123456789012:ses-feedback",
  "Message": "{\"notificationType\": \"Bounce\", \"mail\": {\"timestamp\": \"2026-11-27T19:54:58.552Z\", \"source\": \"news@shop.example\", \"sourceArn\": \"arn:aws:ses:us-east-1:123456789012:identity/shop.example\", \"sendingAccountId\": \"123456789012\", \"messageId\": \"010001a21e934878-13d49600-d6bf-4095-9f0b-550f095c7bf1-000000\", \"destination\": [\"ida@mail.example\"], \"headersTruncated\": false, \"headers\": [{\"name\": \"From\", \"value\": \"Shop <news@shop.example>\"}], \"commonHeaders\": {\"from\": [\"Shop <news@shop.example>\"], \"to\": [\"ida@mail.example\"], \"subject\": \"News\"}, \"sourceIp\": \"192.0.2.7\", \"callerIdentity\": \"mailer\"}, \"bounce\": {\"feedbackId\": \"010001a21e934878-69cc6f0d-7c3f-442f-874d-78e95125a427-000000\", \"bounceType\": \"Permanent\", \"bounceSubType\": \"General\", \"bouncedRecipients\": [{\"emailAddress\": \"ida@mail.example\", \"action\": \"failed\", \"status\": \"5.1.1\", \"diagnosticCode\": \"smtp; 550 5.1.1 user unknown\"}], \"timestamp\": \"2026-11-27T19:54:58.552Z\", \"remoteMtaIp\": \"198.51.100.25\", \"reportingMTA\": \"dsn; a8-70.smtp-out.amazonses.com\"}}",
  "Timestamp": "2024-01-09T13:00:00.000Z",
  "SignatureVersion": "2",
  "UnsubscribeURL": "https://sns.us-east-1.amazonaws.com/?Action=Unsubscribe&SubscriptionArn=arn:aws:sns:us-east-1:123456789012:ses-feedback:2fff5a4a-a094-4313-a286-4963f2948ad7",
  "SigningCertURL": "https://sns.us-east-1.amazonaws.com/SimpleNotificationService-df722dbc71790da0e3a8cf56982e8e62.pem",
  "Signature": "JqswSXJh55vTEtOu2UC3GcVnFwhQdl1jjXXTaow3+srex+sy/oF5mrBKu/ldebF9nagjRUF7VYkTO9liOpXADNwqyp2CK5gG5YUQPGHP9hE2Ig3vTDW8HuCxmwMzMkKfpwyoBWbLgtQkz2il7nfCt7PkqiGLwllj8uf9QnblYYxV9Z+uIlwR0ICGV0nMR62Z4FN6qxng0OVOR9lFh8KHD/KE9mQ+ovQdWwbJyfPO2uiBAXZJjhF/MeBoB5TKxvQ4OlvpcztxVrmqDS89k+JCtaP4yy3YbWlwpIZL2tDPip/xKd1vr2MgEi+Ah8uVL01ewZkq7VsrcnRFKfiiU7hOqQ=="
}' AS BLOB));
INSERT INTO "body" VALUES(21,CAST('{
  "Type": "Notification",
  "MessageId": "4aecf71d-4e03-4d6b-a554-28758cf4b1bf",
  "TopicArn": "arn:aws:sns:us-east-1:123456789012:ses-feedback",
  "Message": "{\"eventType\": \"Reject\", \"mail\": {\"timestamp\": \"2026-11-27T19:54:58.553Z\", \"source\": \"news@shop.example\", \"sourceArn\": \"arn:aws:ses:us-east-1:123456789012:identity/shop.example\", \"sendingAccountId\": \"123456789012\", \"messageId\": \"010001a21e934879-808a4563-a43e-4cb8-867d-5af3a4c4bc8a-000000\", \"destination\": [\"oda@mail.example\"], \"headersTruncated\": false, \"headers\": [{\"name\": \"From\", \"value\": \"Shop <news@shop.example>\"}], \"commonHeaders\": {\"from\": [\"Shop <news@shop.example>\"], \"to\": [\"oda@mail.example\"], \"subject\": \"News\"}, \"tags\": {\"ses:configuration-set\": [\"newsletter\"], \"ses:from-domain\": [\"shop.example\"], \"ses:source-ip\": [\"192.0.2.7\"]}}, \"reject\": {\"reason\": \"Bad content\"}}\n",
  "Timestamp": "2024-01-11T12:00:00.000Z",
  "SignatureVersion": "2",
  "Subject": "Amazon SES Email Event Notification",
  "UnsubscribeURL": "https://sns.us-east-1.amazonaws.com/?Action=Unsubscribe&SubscriptionArn=arn:aws:sns:us-east-1:123456789012:ses-feedback:5399d80f-8f0d-4c38-8b22-c4e9240f7e16",
  "SigningCertURL": "https://sns.us-east-1.amazonaws.com/SimpleNotificationService-df722dbc71790da0e3a8cf56982e8e62.pem",
  "Signature": "bqsb8TDsW7dnDD68/aCaPoLQbdND9Fpbe/eztcQyqbs8b80i36LQxsfrNhirfZ1BohWYxUlGKOegDmh4gXVsLcCpA1kiO3Y3lp3AiYuQCDRSIvxcdW2fFz9xrfH2nnVaijXEH8BZmljkJM8/+YK+d4lazSOGJzDxe8anotAWlzZZGdT526g4R36F259NZXpoEleXhfg0Tib0vPAvIX54H+TjMiNtj83WEpbJW0uzr8P7TA7EIhfXokDzFCBTRzkNq7SuSVdbph7tp6ckcl72ghXJ4e91J7isy2SFKrIhHr4MwFo59mboMfNswEbH8uiTDPBO7i7sAzhm0xjRdK3azQ=="
}' AS BLOB));
INSERT INTO "body" VALUES(22,CAST('{
  "Type": "Notification",
  "MessageId": "3013ce73-4255-49fa-b965-ddd70f07d192",
  "TopicArn": "arn:aws:sns:us-east-1:123456789012:ses-feedback",
  "Message": "no json: \u00e9",
  "Timestamp": "2024-01-12T12:00:00.000Z",
  "SignatureVersion": "2",
  "UnsubscribeURL": "https://sns.us-east-1.amazonaws.com/?Action=Unsubscribe&SubscriptionArn=arn:aws:sns:us-east-1:123456789012:ses-feedback:de8a5e4e-7cec-4e2b-b8dc-311c884a071b",
  "SigningCertURL": "https://sns.us-east-1.amazonaws.com/SimpleNotificationService-df722dbc71790da0e3a8cf56982e8e62.pem",
  "Signature": "edIDmf3tWLdpGMrnriYrWmiRRMxZqgGtkqTwJ3ujtIDBiBUF+uQzbF6V0ha3MKtuyQIHzbf7XK8LzPDkbCmDXEW5gw2t911aq5+4Zjx2iuZy8K92DDyYH3sI2cazVC31VpBLD9qJyjFksOsl9qQlpF3iOHkCbTpmfBxWOJcer9ExZKhhiI9GLdg/LIhpbHjc8zNBi8IL2YafV632eCD/LEJUd7vHdPifu7e5+UKrJRmWYtbEA33T47LEGZ5PfeiEaB/Om9q7ScrVDGhj3nfJPU6hZa7GqzGXvgciTMLFxA0OoNDF4gLWU10O0XhLU59gy5fx7Y2AB+z1/Om08rj2Ng=="
}' AS BLOB));
INSERT INTO "body" VALUES(23,CAST('{
  "Type": "Notification",
  "MessageId": "401324fe-3bdf-43c0-aa14-ec9c29a3f5ea",
  "TopicArn": "arn:aws:sns:us-east-1:123456789012:ses-feedback",
  "Message": "{\"hello\": \"world\"}",
  "Timestamp": "2024-01-12T12:00:00.000Z",
  "SignatureVersion": "2",
  "UnsubscribeURL": "https://sns.us-east-1.amazonaws.com/?Action=Unsubscribe&SubscriptionArn=arn:aws:sns:us-east-1:123456789012:ses-feedback:b6d93c49-7cb8-4b6b-b4ec-02a568f8920c",
  "SigningCertURL": "https://sns.us-east-1.amazonaws.com/SimpleNotificationService-df722dbc71790da0e3a8cf56982e8e62.pem",
  "Signature": "UU2qjK20ft5ruaVfU7fa/17SIwSkIR7qqRmO9nOyWYbz9HTpBjCDpXAwCF+D3py6fJnL5/n336ZCpti0rM2tfOCyAAaH3g0Sgg0bZ4R05QtxbhUUH0rTBXNW3QMynIPQDSi60Ighrx95NAXqIn9ubTQtjuGllV11F2BLMN1LcY/Sl/Hx2v0gb1tBlaVwDz4paCL56B1J6Az0wPylfg1HnxyaptTNgweVyT2YojPL65Cu1x9hYdeFPVcb6WFWpgo6SOb13vIMO+TuPnIHvy4xtrUqignQEq74XzcmVx/mboBFa0d1mj/dRiGV/TrzWdA4t9cvS11x63NWYbWXQu+BIw=="
}' AS BLOB));
INSERT INTO "body" VALUES(24,CAST('{
  "Type": "Notification",
  "MessageId": "5e41216a-4c03-43ed-a84d-9ce9c39437d7",
  "TopicArn": "arn:aws:sns:us-east-1:123456789012:ses-feedback",
  "Message": "{\"notificationType\": \"Bounce\"}",
  "Timestamp": "2024-01-12T12:00:00.000Z",
  "SignatureVersion": "2",
  "UnsubscribeURL": "https://sns.us-east-1.amazonaws.com/?Action=Unsubscribe&SubscriptionArn=arn:aws:sns:us-east-1:123456789012:ses-feedback:741cc598-44eb-47a1-b5fd-401f0f4513e3",
  "SigningCertURL": "https://sns.us-east-1.amazonaws.com/SimpleNotificationService-df722dbc71790da0e3a8cf56982e8e62.pem",
  "Signature": "NtNp7KfqoAo2LDa9t66YYexLC77N257n94AzcCG5aPhkzB4zSGBOVSzk8WPyD3knuavS8QU9vPYHAmmQKQObDb+gzz/EmUn2/U8jBGVC1lr4mbQQgg1bYcfqdEgrZRCvWK5IhOAGzs1RpXa8IMi6bItfhSq6YIR9jy1d4nsiCYqOsLPeF0Fps92Y0E2ERLSC6llcSfF/bz6TE2p8WFhvzBCbpzkZhLLETvtltFHm3v1BQ/kNSXzqGIFmwhxGudWfsv3/5NsJad7ZPlCh1Th80wKBehzyTU9LsWIvRAzLC7UokgCJl31Do0iDY2FIlf7WVymPx7aMtqDkT/8217VL5w=="
}' AS BLOB));
INSERT INTO "body" VALUES(25,CAST('{
 "eventType": "Complaint",
 "complaint": {
  "complainedRecipients": [
   {
    "emailAddress": "ann@mail.example"
   }
  ],
  "timestamp": "2024-03-05T11:00:00.000Z",
  "feedbackId": "0100018e0e44aaaa-ccccdddd-1111-4222-8333-444455556666-000000",
  "complaintFeedbackType": "abuse",
  "userAgent": "Feedback/1.0",
  "arrivalDate": "2024-03-05T10:59:00.000Z",
  "complaintSubType": "OnAccountSuppressionList"
 },
 "mail": {
  "timestamp": "2024-03-05T10:15:30.123Z",
  "messageId": "0100018e0e1b2a3b-5f0c7d1e-2222-4333-8444-555566667777-000000",
  "source": "news@shop.example",
  "sourceArn": "arn:aws:ses:eu-central-1:111122223333:identity/shop.example",
  "sendingAccountId": "111122223333",
  "destination": [
   "ann@mail.example"
  ]
 }
}' AS BLOB));
INSERT INTO "body" VALUES(26,CAST('{
 "eventType": "DeliveryDelay",
 "deliveryDelay": {
  "timestamp": "2024-03-05T10:25:36.100Z",
  "delayType": "TransientCommunicationFailure",
  "expirationTime": "2024-03-05T22:15:30.123Z",
  "delayedRecipients": [
   {
    "emailAddress": "ann@mail.example",
    "status": "4.4.1",
    "diagnosticCode": "smtp; 421 4.4.1 Unable to connect to remote host"
   }
  ]
 },
 "mail": {
  "timestamp": "2024-03-05T10:15:30.123Z",
  "messageId": "0100018e0e1b2a3b-5f0c7d1e-2222-4333-8444-555566667777-000000",
  "source": "news@shop.example",
  "sourceArn": "arn:aws:ses:eu-central-1:111122223333:identity/shop.example",
  "sendingAccountId": "111122223333",
  "destination": [
   "ann@mail.example"
  ]
 }
}' AS BLOB));
INSERT INTO "body" VALUES(27,CAST('{
 "notificationType": "Bounce",
 "bounce": {
  "bounceType": "Permanent",
  "bounceSubType": "General",
  "bouncedRecipients": [
   {
    "emailAddress": "ann@mail.example",
    "action": "failed",
    "status": "5.1.1",
    "diagnosticCode": "smtp; 550 5.1.1 user unknown"
   }
  ],
  "timestamp": "2024-03-05T10:15:31.500Z",
  "feedbackId": "0100018e0e1b3fff-aaaabbbb-1111-4222-8333-444455556666-000000",
  "reportingMTA": "dns; a1-2.smtp-out.eu-central-1.amazonses.com",
  "remoteMtaIp": "192.0.2.25"
 },
 "mail": {
  "timestamp": "2024-03-05T10:15:30.123Z",
  "messageId": "0100018e0e1b2a3b-5f0c7d1e-2222-4333-8444-555566667777-000000",
  "source": "news@shop.example",
  "sourceArn": "arn:aws:ses:eu-central-1:111122223333:identity/shop.example",
  "sendingAccountId": "111122223333",
  "destination": [
   "ann@mail.example"
  ],
  "sourceIp": "192.0.2.7",
  "commonHeaders": {
   "from": [
    "The Shop <Orders@News.Shop.Example>"
   ],
   "to": [
    "bystander@mail.example"
   ]
  },
  "headers": [
   {
    "name": "X-Campaign",
    "value": "spring"
   },
   {
    "name": "To",
    "value": "bystander@mail.example"
   }
  ]
 }
}' AS BLOB));
INSERT INTO "body" VALUES(28,CAST('{
 "eventType": "Rendering Failure",
 "failure": {
  "templateName": "Welcome",
  "errorMessage": "Attribute ''name'' is not present in the rendering data."
 },
 "mail": {
  "timestamp": "2024-03-05T10:15:30.123Z",
  "messageId": "0100018e0e1b2a3b-5f0c7d1e-2222-4333-8444-555566667777-000000",
  "source": "news@shop.example",
  "sourceArn": "arn:aws:ses:eu-central-1:111122223333:identity/shop.example",
  "sendingAccountId": "111122223333",
  "destination": [
   "ann@mail.example"
  ]
 }
}' AS BLOB));
INSERT INTO "body" VALUES(29,CAST('{
 "eventType": "Subscription",
 "subscription": {
  "contactList": "Friends",
  "timestamp": "2024-03-06T01:00:17.910Z",
  "source": "UnsubscribeHeader",
  "newTopicPreferences": {
   "unsubscribeAll": false,
   "topicSubscriptionStatus": [
    {
     "topicName": "News",
     "subscriptionStatus": "OptOut"
    }
   ]
  },
  "oldTopicPreferences": {
   "unsubscribeAll": false,
   "topicSubscriptionStatus": [
    {
     "topicName": "News",
     "subscriptionStatus": "OptIn"
    }
   ]
  }
 },
 "mail": {
  "timestamp": "2024-03-05T10:15:30.123Z",
  "messageId": "0100018e0e1b2a3b-5f0c7d1e-2222-4333-8444-555566667777-000000",
  "source": "news@shop.example",
  "sourceArn": "arn:aws:ses:eu-central-1:111122223333:identity/shop.example",
  "sendingAccountId": "111122223333",
  "destination": [
   "ann@mail.example"
  ]
 }
}' AS BLOB));
INSERT INTO "body" VALUES(30,CAST('{
 "eventType": "Carrier Pigeon",
 "carrierPigeon": {
  "recipients": [
   "ann@mail.example"
  ]
 },
 "mail": {
  "timestamp": "2024-03-05T10:15:30.123Z",
  "messageId": "0100018e0e1b2a3b-5f0c7d1e-2222-4333-8444-555566667777-000000",
  "source": "news@shop.example",
  "sourceArn": "arn:aws:ses:eu-central-1:111122223333:identity/shop.example",
  "sendingAccountId": "111122223333",
  "destination": [
   "ann@mail.example"
  ]
 }
}' AS BLOB));
INSERT INTO "body" VALUES(32,CAST('{
 "notificationType": "Bounce",
 "bounce": {
  "bounceType": "Permanent",
  "bounceSubType": "General",
  "bouncedRecipients": [
   {
    "emailAddress": "ann@mail.example",
    "action": "failed",
    "status": "5.1.1",
    "diagnosticCode": "smtp; 550 5.1.1 user unknown"
   },
   {
    "emailAddress": "bob@mail.example",
    "action": "delayed",
    "status": "4.4.1"
   }
  ],
  "timestamp": "2024-03-05T10:15:31.500Z",
  "feedbackId": "0100018e0e1b3fff-aaaabbbb-1111-4222-8333-444455556666-000000",
  "reportingMTA": "dns; a1-2.smtp-out.eu-central-1.amazonses.com",
  "remoteMtaIp": "192.0.2.25"
 },
 "mail": {
  "timestamp": "2024-03-05T10:15:30.123Z",
  "messageId": "0100018e0e1b2a3b-5f0c7d1e-2222-4333-8444-555566667777-000000",
  "source": "news@shop.example",
  "sourceArn": "arn:aws:ses:eu-central-1:111122223333:identity/shop.example",
  "sendingAccountId": "111122223333",
  "destination": [
   "ann@mail.example",
   "bob@mail.example"
  ]
 }
}' AS BLOB));
INSERT INTO "body" VALUES(33,CAST('{"notificationType":"Bounce","future":123456789012345678901234567890,"bounce":{"bounceType":"Permanent","bounceSubType":"General","bouncedRecipients":[{"emailAddress":"ann@mail.example","diagnosticCode":"smtp; 550 user\u0000unknown"}]}}' AS BLOB));
INSERT INTO "body" VALUES(35,CAST('{
  "Type": "Notification",
  "MessageId": "63e6460b-a221-4a8d-9dc8-6fa19dfe4ae5",
  "TopicArn": "arn:aws:sns:us-east-1:123456789012:ses-feedback",
  "Message": "{\"notificationType\": \"Bounce\", \"mail\": {\"timestamp\": \"2026-11-27T19:54:58.747Z\", \"source\": \"news@shop.example\", \"sourceArn\": \"arn:aws:ses:us-east-1:123456789012:identity/shop.example\", \"sendingAccountId\": \"123456789012\", \"messageId\": \"010001a21e93493b-de3a9a62-55c6-41b1-8842-7cdf8c71f39a-000000\", \"destination\": [\"sue@mail.example\"], \"headersTruncated\": false, \"headers\": [{\"name\": \"From\", \"value\": \"Shop <news@shop.example>\"}], \"commonHeaders\": {\"from\": [\"Shop <news@shop.example>\"], \"to\": [\"sue@mail.example\"], \"subject\": \"News\"}, \"sourceIp\": \"192.0.2.7\", \"callerIdentity\": \"mailer\"}, \"bounce\": {\"feedbackId\": \"010001a21e93493b-c525000f-a5f8-4d93-bdb0-22f293a4eb5f-000000\", \"bounceType\": \"Permanent\", \"bounceSubType\": \"General\", \"bouncedRecipients\": [{\"emailAddress\": \"sue@mail.example\", \"action\": \"failed\", \"status\": \"5.1.1\", \"diagnosticCode\": \"smtp; 550 5.1.1 user unknown\"}], \"timestamp\": \"2026-11-27T19:54:58.747Z\", \"remoteMtaIp\": \"198.51.100.25\", \"reportingMTA\": \"dsn; a8-70.smtp-out.amazonses.com\"}}",
  "Timestamp": "2024-01-13T12:00:00.000Z",
  "SignatureVersion": "2",
  "UnsubscribeURL": "https://sns.us-east-1.amazonaws.com/?Action=Unsubscribe&SubscriptionArn=arn:aws:sns:us-east-1:123456789012:ses-feedback:aec9ceb7-aa1d-4a1e-834e-247c43a43c41",
  "SigningCertURL": "https://sns.us-east-1.amazonaws.com/SimpleNotificationService-df722dbc71790da0e3a8cf56982e8e62.pem",
  "Signature": "l9i7/XlTsAe+9vEESidnn4/R61xuCmyEs6+1ekpU/tXl7UoA3fBfK753gt9VniBO956eAvO5ypfgf0ptSq5p/miTMowZx2rZrB62EHwkG9XGL8e90+KUogXzZ0EP1WY4HRlFxZ0jd+hJQP/grEeL9V7S8SASz2PevK4jtuz43plqzwtiuBNBNqVoBSM0Ge35ZcWkyHWuQjAq1C+zwk4+WVm+vErb1j7tdPHcvRuSM7Wm6gc/1EnCyxetyXtdIk4yEbSt5Xa0StOb7mEtPdtRCxJx75mUw1HuHgWlib/F9zn4vRWoArLj7GfNEUvWikvQ9Ap1l8bv6pfykNz/nwaeww=="
}' AS BLOB));
CREATE TABLE counted (
    minute INTEGER NOT NULL,
    is_delivery INTEGER NOT NULL,
    address_hash INTEGER NOT NULL,
    event_hash INTEGER NOT NULL,
    occurred_offset_ms INTEGER NOT NULL, -- from the beginning of the minute
    imported_minute INTEGER,             -- when history was imported: counts as its age
    PRIMARY KEY (minute, is_delivery, address_hash, event_hash)
) STRICT, WITHOUT ROWID;
INSERT INTO "counted" VALUES(28414800,0,243600371806772,127280352464487,0,NULL);
INSERT INTO "counted" VALUES(28414800,0,247747950309831,95654527709243,0,NULL);
INSERT INTO "counted" VALUES(28414800,0,275883518452709,84636185890506,0,NULL);
INSERT INTO "counted" VALUES(28414860,1,243600371806772,18137017163777,0,NULL);
INSERT INTO "counted" VALUES(28414860,1,275883518452709,195756088654371,0,NULL);
CREATE TABLE daily_count (
    day TEXT NOT NULL,
    scope TEXT NOT NULL,
    kind TEXT NOT NULL,
    n INTEGER NOT NULL,
    PRIMARY KEY (day, scope, kind)
) STRICT, WITHOUT ROWID;
INSERT INTO "daily_count" VALUES('2024-01-01','*','hard_bounces',1);
INSERT INTO "daily_count" VALUES('2024-01-03','*','soft_bounces',2);
INSERT INTO "daily_count" VALUES('2024-01-05','*','soft_bounces',1);
INSERT INTO "daily_count" VALUES('2024-01-06','*','hard_bounces',1);
INSERT INTO "daily_count" VALUES('2024-01-07','*','complaints',4);
INSERT INTO "daily_count" VALUES('2024-01-07','*','other',1);
INSERT INTO "daily_count" VALUES('2024-01-08','*','hard_bounces',1);
INSERT INTO "daily_count" VALUES('2024-01-08','*','simulator',1);
INSERT INTO "daily_count" VALUES('2024-01-09','*','hard_bounces',2);
INSERT INTO "daily_count" VALUES('2024-01-10','*','deliveries',2);
INSERT INTO "daily_count" VALUES('2024-01-10','*','sends',3);
INSERT INTO "daily_count" VALUES('2024-01-11','*','rejects',1);
INSERT INTO "daily_count" VALUES('2024-03-05','*','hard_bounces',1);
INSERT INTO "daily_count" VALUES('2024-03-05','*','list_hits',1);
INSERT INTO "daily_count" VALUES('2024-03-05','*','other',3);
INSERT INTO "daily_count" VALUES('2024-03-05','*','soft_bounces',1);
INSERT INTO "daily_count" VALUES('2024-03-06','*','other',1);
INSERT INTO "daily_count" VALUES('2026-11-27','*','hard_bounces',1);
INSERT INTO "daily_count" VALUES('2099-01-03','*','soft_bounces',1);
CREATE TABLE decision (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    address TEXT NOT NULL COLLATE NOCASE,
    scope TEXT NOT NULL,
    action TEXT NOT NULL CHECK (action IN ('add', 'remove')),
    reason TEXT,
    until TEXT,
    at TEXT NOT NULL,
    actor TEXT,
    note TEXT
) STRICT;
INSERT INTO "decision" VALUES(1,'joe@mail.example','*','add','MANUAL',NULL,'2026-11-27 19:54:58.586','root','asked by telephone');
INSERT INTO "decision" VALUES(2,'pia@mail.example','*','add','MANUAL','2099-02-01 00:00:00.000','2026-11-27 19:54:58.596','root',NULL);
INSERT INTO "decision" VALUES(3,'ida@mail.example','*','add','MANUAL',NULL,'2026-11-27 19:54:58.604','root','twice');
INSERT INTO "decision" VALUES(4,'hal@mail.example','*','remove',NULL,NULL,'2026-11-27 19:54:58.613','root','it was our fault');
INSERT INTO "decision" VALUES(5,'rob@mail.example','*','add','MANUAL',NULL,'2026-11-27 19:54:58.623','root',NULL);
INSERT INTO "decision" VALUES(6,'rob@mail.example','*','remove',NULL,NULL,'2026-11-27 19:54:58.632','root',NULL);
CREATE TABLE event (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    message_id INTEGER NOT NULL REFERENCES sns_message (id),
    key_time INTEGER,
    key_hash INTEGER,
    type TEXT NOT NULL,
    class TEXT,
    cause TEXT,
    rule TEXT,
    address TEXT COLLATE NOCASE,
    address_seen TEXT,
    domain TEXT COLLATE NOCASE,
    scope TEXT NOT NULL,
    occurred_at TEXT NOT NULL,
    sent_at TEXT,
    ses_timestamp TEXT,
    bounce_type TEXT,
    bounce_subtype TEXT,
    complaint_subtype TEXT,
    feedback_type TEXT,
    candidates INTEGER,
    status TEXT,
    action TEXT,
    diagnostic TEXT,
    reporting_mta TEXT,
    remote_mta_ip TEXT,
    user_agent TEXT,
    feedback_id TEXT,
    ses_message_id TEXT,
    source TEXT,
    from_domain TEXT,
    identity TEXT,
    account_id TEXT,
    region TEXT,
    configuration_set TEXT,
    tenant TEXT,
    campaign TEXT,
    tags TEXT,
    destination_count INTEGER,
    source_ip TEXT,
    is_simulator INTEGER NOT NULL
) STRICT;
INSERT INTO "event" VALUES(1,7,1704114000000,6156472084363706365,'Bounce','hard','unknown-user','permanent-general','ann@mail.example','ann@mail.example','mail.example','*','2024-01-01 13:00:00.000','2026-11-27 19:54:58.552','2026-11-27 19:54:58.552','Permanent','General',NULL,NULL,NULL,'5.1.1','failed','smtp; 550 5.1.1 user unknown','dsn; a8-70.smtp-out.amazonses.com','198.51.100.25',NULL,'0100018cc51c1080-22df4a70-ec4f-414a-ac32-ae7f47988da2-000000','0100018cc4e52200-edbbe2fc-e709-4d3d-9066-e3acdfd462b9-000000','news@shop.example','shop.example','shop.example','123456789012','us-east-1','newsletter',NULL,'spring','{"ses:configuration-set":["newsletter"],"ses:from-domain":["shop.example"],"ses:source-ip":["192.0.2.7"],"campaign":["spring"]}',1,'192.0.2.7',0);
INSERT INTO "event" VALUES(3,9,1795809298552,-736929658933608461,'Bounce','soft','mailbox-full','transient-mailbox-full','ben@mail.example','ben@mail.example','mail.example','*','2024-01-03 12:00:00.000','2026-11-27 19:54:58.552','2026-11-27 19:54:58.552','Transient','MailboxFull',NULL,NULL,NULL,'5.1.1','failed','smtp; 550 5.1.1 user unknown','dsn; a8-70.smtp-out.amazonses.com','198.51.100.25',NULL,'010001a21e934878-c52f8ff4-b0e7-417f-bb12-44e87392d9e8-000000','010001a21e934878-6efefd5c-69d2-4eb3-8eb0-990caf1ed202-000000','news@shop.example','shop.example','shop.example','123456789012','us-east-1',NULL,NULL,NULL,NULL,1,'192.0.2.7',0);
INSERT INTO "event" VALUES(4,10,1795809298552,-631256071914426310,'Bounce','soft','unknown-user','transient-gone','cyd@mail.example','cyd@mail.example','mail.example','*','2024-01-03 12:00:00.000','2026-11-27 19:54:58.552','2026-11-27 19:54:58.552','Transient','General',NULL,NULL,NULL,'5.1.1','failed','smtp; 550 5.1.1 user unknown','dsn; a8-70.smtp-out.amazonses.com','198.51.100.25',NULL,'010001a21e934878-acf71d9c-9c64-4267-9d30-5d859dfc0be8-000000','010001a21e934878-34f39512-a972-44d4-b3e2-194e00059dd4-000000','news@shop.example','shop.example','shop.example','123456789012','us-east-1',NULL,NULL,NULL,NULL,1,'192.0.2.7',0);
INSERT INTO "event" VALUES(5,11,1795809298552,4218489365050508001,'Bounce','soft','unknown-user','transient-gone','cyd@mail.example','cyd@mail.example','mail.example','*','2024-01-05 12:00:00.000','2026-11-27 19:54:58.552','2026-11-27 19:54:58.552','Transient','General',NULL,NULL,NULL,'5.1.1','failed','smtp; 550 5.1.1 user unknown','dsn; a8-70.smtp-out.amazonses.com','198.51.100.25',NULL,'010001a21e934878-1b0b510b-4a96-4aa5-9d0f-0691f5725a14-000000','010001a21e934878-a0c056d7-5e8f-4944-b72f-b6725225236f-000000','news@shop.example','shop.example','shop.example','123456789012','us-east-1',NULL,NULL,NULL,NULL,1,'192.0.2.7',0);
INSERT INTO "event" VALUES(6,12,1795809298552,5151377915594071402,'Bounce','soft','unknown-user','transient-gone','dan@mail.example','dan@mail.example','mail.example','*','2099-01-03 12:00:00.000','2026-11-27 19:54:58.552','2026-11-27 19:54:58.552','Transient','General',NULL,NULL,NULL,'5.1.1','failed','smtp; 550 5.1.1 user unknown','dsn; a8-70.smtp-out.amazonses.com','198.51.100.25',NULL,'010001a21e934878-40d98dff-8eaa-487b-a6e5-d7f3658d78c9-000000','010001a21e934878-8dd8b41b-f776-4d3e-8952-62c7a174371f-000000','news@shop.example','shop.example','shop.example','123456789012','us-east-1',NULL,NULL,NULL,NULL,1,'192.0.2.7',0);
INSERT INTO "event" VALUES(7,13,1795809298552,-385361598745608719,'Bounce','hard','other','permanent-suppressed','eve@mail.example','eve@mail.example','mail.example','*','2024-01-06 12:00:00.000','2026-11-27 19:54:58.552','2026-11-27 19:54:58.552','Permanent','Suppressed',NULL,NULL,NULL,'5.1.1','failed','smtp; 550 5.1.1 user unknown','dsn; a8-70.smtp-out.amazonses.com','198.51.100.25',NULL,'010001a21e934878-09f43651-2377-47d0-9cac-61d5d9446d54-000000','010001a21e934878-48ba1140-6012-4d87-8e8a-c9d9c0ac1bd7-000000','news@shop.example','shop.example','shop.example','123456789012','us-east-1',NULL,NULL,NULL,NULL,1,'192.0.2.7',0);
INSERT INTO "event" VALUES(8,14,1795809298552,-2269565150219039696,'Complaint','complaint',NULL,'complaint','fay@mail.example','fay@mail.example','mail.example','*','2024-01-07 12:00:00.000','2026-11-27 19:54:58.552','2026-11-27 19:54:58.552',NULL,NULL,NULL,'abuse',1,NULL,NULL,NULL,NULL,NULL,'ExampleCorp Feedback Loop (V0.01)','010001a21e934878-16b0b79e-2a22-4649-9359-6106fdb95d00-000000','010001a21e934878-127b0330-30e0-4959-8b99-071ba90021a5-000000','news@shop.example','shop.example','shop.example','123456789012','us-east-1',NULL,NULL,NULL,NULL,1,'192.0.2.7',0);
INSERT INTO "event" VALUES(9,15,1795809298552,-2064964065223343001,'Complaint','complaint',NULL,'complaint-of-few','kim@mail.example','kim@mail.example','mail.example','*','2024-01-07 13:00:00.000','2026-11-27 19:54:58.552','2026-11-27 19:54:58.552',NULL,NULL,NULL,'abuse',3,NULL,NULL,NULL,NULL,NULL,'ExampleCorp Feedback Loop (V0.01)','010001a21e934878-21ba94c2-831d-4d22-8a5a-7be7c0934e7e-000000','010001a21e934878-46d6feef-4442-44e5-b481-6a3e5a77b589-000000','news@shop.example','shop.example','shop.example','123456789012','us-east-1',NULL,NULL,NULL,NULL,3,'192.0.2.7',0);
INSERT INTO "event" VALUES(10,15,1795809298552,-7178703778432901277,'Complaint','complaint',NULL,'complaint-of-few','lea@mail.example','lea@mail.example','mail.example','*','2024-01-07 13:00:00.000','2026-11-27 19:54:58.552','2026-11-27 19:54:58.552',NULL,NULL,NULL,'abuse',3,NULL,NULL,NULL,NULL,NULL,'ExampleCorp Feedback Loop (V0.01)','010001a21e934878-21ba94c2-831d-4d22-8a5a-7be7c0934e7e-000000','010001a21e934878-46d6feef-4442-44e5-b481-6a3e5a77b589-000000','news@shop.example','shop.example','shop.example','123456789012','us-east-1',NULL,NULL,NULL,NULL,3,'192.0.2.7',0);
INSERT INTO "event" VALUES(11,15,1795809298552,2623889730778387380,'Complaint','complaint',NULL,'complaint-of-few','max@mail.example','max@mail.example','mail.example','*','2024-01-07 13:00:00.000','2026-11-27 19:54:58.552','2026-11-27 19:54:58.552',NULL,NULL,NULL,'abuse',3,NULL,NULL,NULL,NULL,NULL,'ExampleCorp Feedback Loop (V0.01)','010001a21e934878-21ba94c2-831d-4d22-8a5a-7be7c0934e7e-000000','010001a21e934878-46d6feef-4442-44e5-b481-6a3e5a77b589-000000','news@shop.example','shop.example','shop.example','123456789012','us-east-1',NULL,NULL,NULL,NULL,3,'192.0.2.7',0);
INSERT INTO "event" VALUES(12,16,1795809298552,-6993801738102420424,'Complaint','complaint',NULL,'complaint-not-spam','ann@mail.example','ann@mail.example','mail.example','*','2024-01-07 14:00:00.000','2026-11-27 19:54:58.552','2026-11-27 19:54:58.552',NULL,NULL,NULL,'not-spam',1,NULL,NULL,NULL,NULL,NULL,'ExampleCorp Feedback Loop (V0.01)','010001a21e934878-38a01b6f-4c1e-4de7-ac94-83a8fdfc2334-000000','010001a21e934878-1f0c6bb0-68d5-48db-89b1-66abfcd16379-000000','news@shop.example','shop.example','shop.example','123456789012','us-east-1',NULL,NULL,NULL,NULL,1,'192.0.2.7',0);
INSERT INTO "event" VALUES(13,17,1795809298552,7651690599406754044,'Bounce','policy','blocked','permanent-blocked','gus@mail.example','gus@mail.example','mail.example','*','2024-01-08 12:00:00.000','2026-11-27 19:54:58.552','2026-11-27 19:54:58.552','Permanent','General',NULL,NULL,NULL,'5.7.1','failed','smtp; 554 5.7.1 listed on a DNS blocklist','dsn; a8-70.smtp-out.amazonses.com','198.51.100.25',NULL,'010001a21e934878-783d9e98-0bc4-4f54-be35-b06622b9316c-000000','010001a21e934878-04f484a5-b972-4466-8245-ce7336141045-000000','news@shop.example','shop.example','shop.example','123456789012','us-east-1',NULL,NULL,NULL,NULL,1,'192.0.2.7',0);
INSERT INTO "event" VALUES(14,18,1795809298552,-2442684472821088697,'Bounce','hard','unknown-user','permanent-general','bounce@simulator.amazonses.com','bounce@simulator.amazonses.com','simulator.amazonses.com','*','2024-01-08 13:00:00.000','2026-11-27 19:54:58.552','2026-11-27 19:54:58.552','Permanent','General',NULL,NULL,NULL,'5.1.1','failed','smtp; 550 5.1.1 user unknown','dsn; a8-70.smtp-out.amazonses.com','198.51.100.25',NULL,'010001a21e934878-4cbdd8bc-db42-465e-bec5-02fec63c8db1-000000','010001a21e934878-5cfe7729-0480-4b93-ab42-28bc4877e0ff-000000','news@shop.example','shop.example','shop.example','123456789012','us-east-1',NULL,NULL,NULL,NULL,1,'192.0.2.7',1);
INSERT INTO "event" VALUES(15,19,1795809298552,6825016805973839295,'Bounce','hard','unknown-user','permanent-general','hal@mail.example','hal@mail.example','mail.example','*','2024-01-09 12:00:00.000','2026-11-27 19:54:58.552','2026-11-27 19:54:58.552','Permanent','General',NULL,NULL,NULL,'5.1.1','failed','smtp; 550 5.1.1 user unknown','dsn; a8-70.smtp-out.amazonses.com','198.51.100.25',NULL,'010001a21e934878-6faeacd2-9801-4c49-b3d1-18262e493a3a-000000','010001a21e934878-5f288fa9-b9c3-473d-a272-4e425e5bc17f-000000','news@shop.example','shop.example','shop.example','123456789012','us-east-1',NULL,NULL,NULL,NULL,1,'192.0.2.7',0);
INSERT INTO "event" VALUES(16,20,1795809298552,6451763757401530650,'Bounce','hard','unknown-user','permanent-general','ida@mail.example','ida@mail.example','mail.example','*','2024-01-09 13:00:00.000','2026-11-27 19:54:58.552','2026-11-27 19:54:58.552','Permanent','General',NULL,NULL,NULL,'5.1.1','failed','smtp; 550 5.1.1 user unknown','dsn; a8-70.smtp-out.amazonses.com','198.51.100.25',NULL,'010001a21e934878-69cc6f0d-7c3f-442f-874d-78e95125a427-000000','010001a21e934878-13d49600-d6bf-4095-9f0b-550f095c7bf1-000000','news@shop.example','shop.example','shop.example','123456789012','us-east-1',NULL,NULL,NULL,NULL,1,'192.0.2.7',0);
INSERT INTO "event" VALUES(17,21,1795809298553,2746760618819434142,'Reject',NULL,NULL,'none','oda@mail.example','oda@mail.example','mail.example','*','2024-01-11 12:00:00.000','2026-11-27 19:54:58.553','2026-11-27 19:54:58.553',NULL,NULL,NULL,NULL,NULL,NULL,NULL,'Bad content',NULL,NULL,NULL,NULL,'010001a21e934879-808a4563-a43e-4cb8-867d-5af3a4c4bc8a-000000','news@shop.example','shop.example','shop.example','123456789012','us-east-1','newsletter',NULL,NULL,'{"ses:configuration-set":["newsletter"],"ses:from-domain":["shop.example"],"ses:source-ip":["192.0.2.7"]}',1,'192.0.2.7',0);
INSERT INTO "event" VALUES(18,25,1709636364970,-3182181018416484689,'Complaint','hard','list-hit','complaint-on-account-list','ann@mail.example','ann@mail.example','mail.example','*','2024-03-05 11:00:00.000','2024-03-05 10:15:30.123','2024-03-05 11:00:00.000',NULL,NULL,'OnAccountSuppressionList','abuse',1,NULL,NULL,NULL,NULL,NULL,'Feedback/1.0','0100018e0e44aaaa-ccccdddd-1111-4222-8333-444455556666-000000','0100018e0e1b2a3b-5f0c7d1e-2222-4333-8444-555566667777-000000','news@shop.example','shop.example','shop.example','111122223333','eu-central-1',NULL,NULL,NULL,NULL,1,NULL,0);
INSERT INTO "event" VALUES(19,26,1709633645115,7688961130423899878,'DeliveryDelay',NULL,NULL,'none','ann@mail.example','ann@mail.example','mail.example','*','2024-03-05 10:25:36.100','2024-03-05 10:15:30.123','2024-03-05 10:25:36.100',NULL,NULL,NULL,NULL,NULL,'4.4.1',NULL,'smtp; 421 4.4.1 Unable to connect to remote host',NULL,NULL,NULL,NULL,'0100018e0e1b2a3b-5f0c7d1e-2222-4333-8444-555566667777-000000','news@shop.example','shop.example','shop.example','111122223333','eu-central-1',NULL,NULL,NULL,NULL,1,NULL,0);
INSERT INTO "event" VALUES(20,27,1709633650687,-9180231815235979955,'Bounce','hard','unknown-user','permanent-general','ann@mail.example','ann@mail.example','mail.example','*','2024-03-05 10:15:31.500','2024-03-05 10:15:30.123','2024-03-05 10:15:31.500','Permanent','General',NULL,NULL,NULL,'5.1.1','failed','smtp; 550 5.1.1 user unknown','dns; a1-2.smtp-out.eu-central-1.amazonses.com','192.0.2.25',NULL,'0100018e0e1b3fff-aaaabbbb-1111-4222-8333-444455556666-000000','0100018e0e1b2a3b-5f0c7d1e-2222-4333-8444-555566667777-000000','news@shop.example','news.shop.example','shop.example','111122223333','eu-central-1','marketing','acme','spring','{"ses:configuration-set":["marketing"],"ses:from-domain":["Shop.Example"],"ses:source-ip":["192.0.2.8"],"ses:tenant-name":["acme"],"campaign":["spring","summer"]}',1,'192.0.2.7',0);
INSERT INTO "event" VALUES(21,28,1709633645115,479639579392735141,'Rendering Failure',NULL,NULL,'none','ann@mail.example','ann@mail.example','mail.example','*','2024-03-05 10:15:30.123','2024-03-05 10:15:30.123','2024-03-05 10:15:30.123',NULL,NULL,NULL,NULL,NULL,NULL,NULL,'Attribute ''name'' is not present in the rendering data.',NULL,NULL,NULL,NULL,'0100018e0e1b2a3b-5f0c7d1e-2222-4333-8444-555566667777-000000','news@shop.example','shop.example','shop.example','111122223333','eu-central-1',NULL,NULL,NULL,NULL,1,NULL,0);
INSERT INTO "event" VALUES(22,29,1709633645115,-3912531903700213853,'Subscription','policy',NULL,'opt-out','ann@mail.example','ann@mail.example','mail.example','*','2024-03-06 01:00:17.910','2024-03-05 10:15:30.123','2024-03-06 01:00:17.910',NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,'0100018e0e1b2a3b-5f0c7d1e-2222-4333-8444-555566667777-000000','news@shop.example','shop.example','shop.example','111122223333','eu-central-1',NULL,NULL,NULL,NULL,1,NULL,0);
INSERT INTO "event" VALUES(23,30,1709633645115,-4226104860972430623,'Carrier Pigeon',NULL,NULL,NULL,NULL,NULL,NULL,'*','2024-03-05 10:15:30.123','2024-03-05 10:15:30.123','2024-03-05 10:15:30.123',NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,'0100018e0e1b2a3b-5f0c7d1e-2222-4333-8444-555566667777-000000','news@shop.example','shop.example','shop.example','111122223333','eu-central-1',NULL,NULL,NULL,NULL,1,NULL,0);
INSERT INTO "event" VALUES(26,32,1709633650687,-3880233246228990324,'Bounce','soft','other','permanent-delayed','bob@mail.example','bob@mail.example','mail.example','*','2024-03-05 10:15:31.500','2024-03-05 10:15:30.123','2024-03-05 10:15:31.500','Permanent','General',NULL,NULL,NULL,'4.4.1','delayed',NULL,'dns; a1-2.smtp-out.eu-central-1.amazonses.com','192.0.2.25',NULL,'0100018e0e1b3fff-aaaabbbb-1111-4222-8333-444455556666-000000','0100018e0e1b2a3b-5f0c7d1e-2222-4333-8444-555566667777-000000','news@shop.example','shop.example','shop.example','111122223333','eu-central-1',NULL,NULL,NULL,NULL,2,NULL,0);
INSERT INTO "event" VALUES(27,33,NULL,NULL,'Bounce','hard','unknown-user','permanent-general','ann@mail.example','ann@mail.example','mail.example','*','2026-11-27 19:54:58.710',NULL,NULL,'Permanent','General',NULL,NULL,NULL,NULL,NULL,'smtp; 550 user�unknown',NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,0);
CREATE TABLE outbox (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    kind TEXT NOT NULL CHECK (kind IN ('confirm')),
    topic_id INTEGER NOT NULL REFERENCES topic (id),
    token TEXT NOT NULL,
    attempts INTEGER NOT NULL DEFAULT 0,
    next_at_ms INTEGER NOT NULL,
    created_at_ms INTEGER NOT NULL,
    last_fault TEXT,
    UNIQUE (topic_id, kind)
) STRICT;
INSERT INTO "outbox" VALUES(4,'confirm',4,'tried',1,0,4070952000000,'the answer was HTTP 500');
CREATE TABLE probe (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    n INTEGER NOT NULL
) STRICT;
INSERT INTO "probe" VALUES(1,0);
CREATE TABLE sns_message (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    sns_timestamp_ms INTEGER NOT NULL,
    sns_message_id TEXT NOT NULL,
    topic_id INTEGER REFERENCES topic (id),
    received_at TEXT NOT NULL,
    UNIQUE (sns_timestamp_ms, sns_message_id)
) STRICT;
INSERT INTO "sns_message" VALUES(1,4070952000000,'76262990-e9c8-4540-9180-25045ab427bb',1,'2026-11-27 19:54:54.471');
INSERT INTO "sns_message" VALUES(2,4070952000000,'d0db9e77-1bae-4d76-a8ce-da3a4558c631',2,'2026-11-27 19:54:55.483');
INSERT INTO "sns_message" VALUES(3,4071038400000,'f54a27d1-ae2f-4af3-89cd-e7b97c69a2f7',2,'2026-11-27 19:54:56.500');
INSERT INTO "sns_message" VALUES(4,4070952000000,'9625a21b-65e1-4100-b8b4-0c4bd85dfb9f',3,'2026-11-27 19:54:56.502');
INSERT INTO "sns_message" VALUES(5,4070952000000,'b5152f01-db8d-4340-b072-eb44b19292f3',4,'2026-11-27 19:54:57.521');
INSERT INTO "sns_message" VALUES(6,4070952000000,'17a107ed-8a45-485b-894b-382b45b414bd',5,'2026-11-27 19:54:58.550');
INSERT INTO "sns_message" VALUES(7,1704114000000,'f19ba0a2-ac6f-4429-ba83-d3abdd700d60',1,'2026-11-27 19:54:58.554');
INSERT INTO "sns_message" VALUES(8,1704114000000,'9019570e-3452-49f4-8aef-42e024a794eb',1,'2026-11-27 19:54:58.556');
INSERT INTO "sns_message" VALUES(9,1704283200000,'7a0c59f1-8449-40e3-942c-82a0d6f9066f',1,'2026-11-27 19:54:58.557');
INSERT INTO "sns_message" VALUES(10,1704283200000,'6b25d9a0-5d11-4194-a6b8-ddfb3e40795f',1,'2026-11-27 19:54:58.558');
INSERT INTO "sns_message" VALUES(11,1704456000000,'a14c202e-417b-40f5-87a6-0dce4d81ac30',1,'2026-11-27 19:54:58.559');
INSERT INTO "sns_message" VALUES(12,4071124800000,'66fe1673-dc53-4c42-a869-ed84f3bc1a4c',1,'2026-11-27 19:54:58.560');
INSERT INTO "sns_message" VALUES(13,1704542400000,'de220354-99da-4691-bceb-5718723d1602',1,'2026-11-27 19:54:58.561');
INSERT INTO "sns_message" VALUES(14,1704628800000,'dd9c582a-e490-4319-a678-a331219bf110',1,'2026-11-27 19:54:58.563');
INSERT INTO "sns_message" VALUES(15,1704632400000,'4d96ecd9-d858-499b-b119-0485d960f585',1,'2026-11-27 19:54:58.564');
INSERT INTO "sns_message" VALUES(16,1704636000000,'da318401-fffa-407d-a7b7-db54203d9b9e',1,'2026-11-27 19:54:58.565');
INSERT INTO "sns_message" VALUES(17,1704715200000,'6039757f-d984-4a7b-b47e-f503d6b6c202',1,'2026-11-27 19:54:58.566');
INSERT INTO "sns_message" VALUES(18,1704718800000,'0674ed07-1877-4f80-ba65-b9d2bde376b3',1,'2026-11-27 19:54:58.567');
INSERT INTO "sns_message" VALUES(19,1704801600000,'4f982624-5be4-4acc-b70a-289cbe0cfcb4',1,'2026-11-27 19:54:58.568');
INSERT INTO "sns_message" VALUES(20,1704805200000,'4f6da784-c856-4e29-a9ff-32dc1e54b383',1,'2026-11-27 19:54:58.569');
INSERT INTO "sns_message" VALUES(21,1704974400000,'4aecf71d-4e03-4d6b-a554-28758cf4b1bf',1,'2026-11-27 19:54:58.575');
INSERT INTO "sns_message" VALUES(22,1705060800000,'3013ce73-4255-49fa-b965-ddd70f07d192',1,'2026-11-27 19:54:58.577');
INSERT INTO "sns_message" VALUES(23,1705060800000,'401324fe-3bdf-43c0-aa14-ec9c29a3f5ea',1,'2026-11-27 19:54:58.578');
INSERT INTO "sns_message" VALUES(24,1705060800000,'5e41216a-4c03-43ed-a84d-9ce9c39437d7',1,'2026-11-27 19:54:58.579');
INSERT INTO "sns_message" VALUES(25,1709633730123,'file:0aa1d431281c25d4075b394afc64b994',NULL,'2026-11-27 19:54:58.640');
INSERT INTO "sns_message" VALUES(26,1709633730123,'file:43899b6f93f45a905b5e3e4e062337f2',NULL,'2026-11-27 19:54:58.649');
INSERT INTO "sns_message" VALUES(27,1709633730123,'file:c7550d336aef445d93143fec4fc49749',NULL,'2026-11-27 19:54:58.658');
INSERT INTO "sns_message" VALUES(28,1709633730123,'file:ea0a729e8bbfbcc41c63820647c8161f',NULL,'2026-11-27 19:54:58.667');
INSERT INTO "sns_message" VALUES(29,1709633730123,'file:c81be8579832d4fd5b966865cf8cff1a',NULL,'2026-11-27 19:54:58.676');
INSERT INTO "sns_message" VALUES(30,1709633730123,'file:5356122efa284232eae1776e73617f7f',NULL,'2026-11-27 19:54:58.683');
INSERT INTO "sns_message" VALUES(31,1709633730123,'file:3f14d4ccb897686fc4b1cdb818305518',NULL,'2026-11-27 19:54:58.693');
INSERT INTO "sns_message" VALUES(32,1709633730123,'file:ad5ec5b0e549fbc63aa8c400aba86b4f',NULL,'2026-11-27 19:54:58.701');
INSERT INTO "sns_message" VALUES(33,0,'file:167745e1efd1496b9a92c50f31563160',NULL,'2026-11-27 19:54:58.710');
INSERT INTO "sns_message" VALUES(34,1709633730000,'file:0539814e1ed0c28f1e81c466aa83d947',NULL,'2026-11-27 19:54:58.718');
INSERT INTO "sns_message" VALUES(35,1705147200000,'63e6460b-a221-4a8d-9dc8-6fa19dfe4ae5',1,'2026-11-27 19:54:58.748');
CREATE TABLE soft_day (
    address TEXT NOT NULL COLLATE NOCASE,
    scope TEXT NOT NULL,
    day TEXT NOT NULL,
    first_ms INTEGER NOT NULL,
    last_ms INTEGER NOT NULL,
    doubt_first_ms INTEGER, -- of the events that SES calls transient and that may be hard
    doubt_last_ms INTEGER,
    PRIMARY KEY (address, scope, day)
) STRICT, WITHOUT ROWID;
INSERT INTO "soft_day" VALUES('bob@mail.example','*','2024-03-05',1709633731500,1709633731500,NULL,NULL);
INSERT INTO "soft_day" VALUES('cyd@mail.example','*','2024-01-03',1704283200000,1704283200000,1704283200000,1704283200000);
INSERT INTO "soft_day" VALUES('cyd@mail.example','*','2024-01-05',1704456000000,1704456000000,1704456000000,1704456000000);
INSERT INTO "soft_day" VALUES('dan@mail.example','*','2099-01-03',4071124800000,4071124800000,4071124800000,4071124800000);
CREATE TABLE suppression (
    address TEXT NOT NULL COLLATE NOCASE,
    scope TEXT NOT NULL,
    -- OR, not IN: that would build a table of the words for each row that is written.
    reason TEXT NOT NULL CHECK (reason = 'SOFT' OR reason = 'BOUNCE' OR reason = 'COMPLAINT'
                                OR reason = 'MANUAL'),
    strength INTEGER NOT NULL AS (CASE reason WHEN 'MANUAL' THEN 4 WHEN 'COMPLAINT' THEN 3
                                              WHEN 'BOUNCE' THEN 2 ELSE 1 END) VIRTUAL,
    detail TEXT,
    rule TEXT,
    since TEXT NOT NULL,
    until TEXT, -- NULL: for ever
    first_event_at TEXT,
    last_event_at TEXT,
    event_count INTEGER NOT NULL DEFAULT 0,
    repeats INTEGER NOT NULL DEFAULT 0,
    origin TEXT NOT NULL CHECK (origin = 'event' OR origin = 'import' OR origin = 'person'
                                OR origin = 'api'),
    actor TEXT,
    note TEXT,
    lifted_at TEXT,
    lifted_by TEXT,
    lifted_note TEXT,
    PRIMARY KEY (address, scope, reason)
) STRICT, WITHOUT ROWID;
INSERT INTO "suppression" VALUES('ann@mail.example','*','BOUNCE','Permanent/General','permanent-general','2024-01-01 13:00:00.000',NULL,'2024-01-01 13:00:00.000','2026-11-27 19:54:58.710',3,0,'event',NULL,NULL,NULL,NULL,NULL);
INSERT INTO "suppression" VALUES('ann@mail.example','*','COMPLAINT','Complaint/OnAccountSuppressionList','complaint-on-account-list','2024-03-05 11:00:00.000',NULL,'2024-03-05 11:00:00.000','2024-03-05 11:00:00.000',1,0,'import',NULL,NULL,NULL,NULL,NULL);
INSERT INTO "suppression" VALUES('bounce@simulator.amazonses.com','*','BOUNCE','Permanent/General (simulator)','permanent-general','2024-01-08 13:00:00.000','2024-01-09 13:00:00.000','2024-01-08 13:00:00.000','2024-01-08 13:00:00.000',1,0,'event',NULL,NULL,NULL,NULL,NULL);
INSERT INTO "suppression" VALUES('cyd@mail.example','*','BOUNCE','Transient/General','transient-gone','2024-01-05 12:00:00.000',NULL,'2024-01-03 12:00:00.000','2024-01-05 12:00:00.000',2,0,'event',NULL,NULL,NULL,NULL,NULL);
INSERT INTO "suppression" VALUES('eve@mail.example','*','BOUNCE','Permanent/Suppressed','permanent-suppressed','2024-01-06 12:00:00.000','2024-02-05 12:00:00.000','2024-01-06 12:00:00.000','2024-01-06 12:00:00.000',1,0,'event',NULL,NULL,NULL,NULL,NULL);
INSERT INTO "suppression" VALUES('fay@mail.example','*','COMPLAINT','abuse','complaint','2024-01-07 12:00:00.000',NULL,'2024-01-07 12:00:00.000','2024-01-07 12:00:00.000',1,0,'event',NULL,NULL,NULL,NULL,NULL);
INSERT INTO "suppression" VALUES('hal@mail.example','*','BOUNCE','Permanent/General','permanent-general','2024-01-09 12:00:00.000',NULL,'2024-01-09 12:00:00.000','2024-01-09 12:00:00.000',1,0,'event',NULL,NULL,'2026-11-27 19:54:58.613','root','it was our fault');
INSERT INTO "suppression" VALUES('ida@mail.example','*','BOUNCE','Permanent/General','permanent-general','2024-01-09 13:00:00.000',NULL,'2024-01-09 13:00:00.000','2024-01-09 13:00:00.000',1,0,'event',NULL,NULL,NULL,NULL,NULL);
INSERT INTO "suppression" VALUES('ida@mail.example','*','MANUAL',NULL,NULL,'2026-11-27 19:54:58.604',NULL,NULL,NULL,0,0,'person','root','twice',NULL,NULL,NULL);
INSERT INTO "suppression" VALUES('joe@mail.example','*','MANUAL',NULL,NULL,'2026-11-27 19:54:58.586',NULL,NULL,NULL,0,0,'person','root','asked by telephone',NULL,NULL,NULL);
INSERT INTO "suppression" VALUES('kim@mail.example','*','COMPLAINT','abuse (1 of 3)','complaint-of-few','2024-01-07 13:00:00.000','2024-07-05 13:00:00.000','2024-01-07 13:00:00.000','2024-01-07 13:00:00.000',1,0,'event',NULL,NULL,NULL,NULL,NULL);
INSERT INTO "suppression" VALUES('lea@mail.example','*','COMPLAINT','abuse (1 of 3)','complaint-of-few','2024-01-07 13:00:00.000','2024-07-05 13:00:00.000','2024-01-07 13:00:00.000','2024-01-07 13:00:00.000',1,0,'event',NULL,NULL,NULL,NULL,NULL);
INSERT INTO "suppression" VALUES('max@mail.example','*','COMPLAINT','abuse (1 of 3)','complaint-of-few','2024-01-07 13:00:00.000','2024-07-05 13:00:00.000','2024-01-07 13:00:00.000','2024-01-07 13:00:00.000',1,0,'event',NULL,NULL,NULL,NULL,NULL);
INSERT INTO "suppression" VALUES('pia@mail.example','*','MANUAL',NULL,NULL,'2026-11-27 19:54:58.596','2099-02-01 00:00:00.000',NULL,NULL,0,0,'person','root',NULL,NULL,NULL,NULL);
INSERT INTO "suppression" VALUES('rob@mail.example','*','MANUAL',NULL,NULL,'2026-11-27 19:54:58.623',NULL,NULL,NULL,0,0,'person','root',NULL,'2026-11-27 19:54:58.632','root',NULL);
CREATE TABLE topic (
    id INTEGER PRIMARY KEY,
    topic_arn TEXT NOT NULL UNIQUE,
    account_id TEXT,
    region TEXT,
    -- NULL: known from imported messages only
    state TEXT CHECK (state IN ('pending', 'confirming', 'confirmed', 'failed', 'unsubscribed')),
    since TEXT,
    subscription_arn TEXT,
    token TEXT,
    -- SNS's time of the subscription message that the state comes from
    subscription_ms INTEGER,
    last_message_at TEXT,
    messages INTEGER NOT NULL DEFAULT 0,
    announced_at TEXT,
    fault TEXT
) STRICT;
INSERT INTO "topic" VALUES(1,'arn:aws:sns:us-east-1:123456789012:ses-feedback','123456789012','us-east-1','confirmed','2026-11-27 19:54:55.475','arn:aws:sns:us-east-1:123456789012:ses-feedback:d2fb67fe-fb88-4f23-8fc1-db5140ca8482',NULL,4070952000000,'2026-11-27 19:54:58.748',26,NULL,NULL);
INSERT INTO "topic" VALUES(2,'arn:aws:sns:us-east-1:123456789012:ses-feedback-left','123456789012','us-east-1','unsubscribed','2026-11-27 19:54:56.500',NULL,NULL,4071038400000,'2026-11-27 19:54:56.500',2,NULL,NULL);
INSERT INTO "topic" VALUES(3,'arn:aws:sns:us-east-1:123456789012:ses-feedback-failed','123456789012','us-east-1','failed','2026-11-27 19:54:57.503',NULL,'failed',4070952000000,'2026-11-27 19:54:56.502',1,NULL,'the answer was HTTP 400');
INSERT INTO "topic" VALUES(4,'arn:aws:sns:us-east-1:123456789012:ses-feedback-tried','123456789012','us-east-1','confirming','2026-11-27 19:54:57.521',NULL,'tried',4070952000000,'2026-11-27 19:54:57.521',1,NULL,'the answer was HTTP 500');
INSERT INTO "topic" VALUES(5,'arn:aws:sns:us-east-1:123456789012:ses-feedback-pending','123456789012','us-east-1','pending','2026-11-27 19:54:58.550',NULL,'pending',4070952000000,'2026-11-27 19:54:58.550',1,NULL,NULL);
CREATE TABLE type_count (
    day TEXT NOT NULL,
    type TEXT NOT NULL,
    n INTEGER NOT NULL,
    PRIMARY KEY (day, type)
) STRICT, WITHOUT ROWID;
INSERT INTO "type_count" VALUES('2024-01-10','Delivery',2);
INSERT INTO "type_count" VALUES('2024-01-10','Send',3);
INSERT INTO "type_count" VALUES('2024-01-11','Open',1);
CREATE TABLE unapplied (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    message_id INTEGER NOT NULL UNIQUE REFERENCES sns_message (id),
    reason TEXT NOT NULL
) STRICT;
INSERT INTO "unapplied" VALUES(1,22,'not-json');
INSERT INTO "unapplied" VALUES(2,23,'no-type');
INSERT INTO "unapplied" VALUES(3,24,'incomplete');
INSERT INTO "unapplied" VALUES(4,35,'stale');
CREATE INDEX outbox_next ON outbox (next_at_ms);
CREATE UNIQUE INDEX event_key ON event (key_time, key_hash);
CREATE INDEX event_address ON event (address, id);
CREATE INDEX event_occurred ON event (occurred_at);
CREATE INDEX event_delivery ON event (address, occurred_at) WHERE type = 'Delivery';
CREATE INDEX decision_address ON decision (address, scope, action, at);
CREATE INDEX soft_day_day ON soft_day (day);
CREATE VIEW suppressed AS
SELECT s.address, s.scope, s.reason, s.detail, s.since,
       (SELECT CASE WHEN count(*) = count(o.until) THEN max(o.until) END
        FROM suppression AS o
        WHERE o.address = s.address AND o.scope = s.scope AND o.lifted_at IS NULL
          AND (o.until IS NULL OR o.until > strftime('%Y-%m-%d %H:%M:%f', 'now'))) AS until,
       s.last_event_at, s.event_count, s.first_event_at, s.origin, s.actor, s.note, s.rule
FROM suppression AS s
WHERE s.lifted_at IS NULL
  AND (s.until IS NULL OR s.until > strftime('%Y-%m-%d %H:%M:%f', 'now'))
  AND NOT EXISTS (
      SELECT 1 FROM suppression AS o
      WHERE o.address = s.address AND o.scope = s.scope AND o.strength > s.strength
        AND o.lifted_at IS NULL
        AND (o.until IS NULL OR o.until > strftime('%Y-%m-%d %H:%M:%f', 'now')));
CREATE VIEW entries AS
SELECT address, scope, reason, detail,
       CASE WHEN lifted_at IS NOT NULL THEN 'lifted'
            WHEN until <= strftime('%Y-%m-%d %H:%M:%f', 'now') THEN 'expired'
            ELSE 'live' END AS state,
       since, until, first_event_at, last_event_at, event_count, repeats, origin, actor,
       note, lifted_at, lifted_by, lifted_note, rule
FROM suppression;
CREATE VIEW decisions AS
SELECT id, address, scope, action, reason, until, at, actor, note
FROM decision;
CREATE VIEW events AS
SELECT e.id, e.type, e.class, e.cause, e.address, e.address_seen, e.domain, e.scope,
       e.occurred_at, e.sent_at, m.received_at, e.bounce_type, e.bounce_subtype,
       e.complaint_subtype, e.feedback_type, e.candidates, e.status, e.action, e.diagnostic,
       e.reporting_mta, e.remote_mta_ip, e.user_agent, e.feedback_id, e.ses_message_id,
       e.source, e.from_domain, e.identity, e.account_id, e.region, e.configuration_set,
       e.tenant, e.campaign, e.tags, e.destination_count, e.source_ip, e.is_simulator,
       t.topic_arn,
       CASE WHEN m.topic_id IS NOT NULL THEN m.sns_message_id END AS sns_message_id,
       e.ses_timestamp, e.rule
FROM event AS e
JOIN sns_message AS m ON m.id = e.message_id
LEFT JOIN topic AS t ON t.id = m.topic_id;
CREATE VIEW bounces AS SELECT * FROM events WHERE type = 'Bounce';
CREATE VIEW complaints AS SELECT * FROM events WHERE type = 'Complaint';
CREATE VIEW quarantine AS
SELECT q.id, m.received_at, t.topic_arn,
       CASE WHEN m.topic_id IS NOT NULL THEN m.sns_message_id END AS sns_message_id,
       q.reason, CAST(b.body AS TEXT) AS body
FROM unapplied AS q
JOIN sns_message AS m ON m.id = q.message_id
LEFT JOIN topic AS t ON t.id = m.topic_id
LEFT JOIN body AS b ON b.message_id = m.id;
CREATE VIEW topics AS
SELECT topic_arn, account_id, region, state, subscription_arn, since, last_message_at,
       messages, announced_at, fault
FROM topic
WHERE state IS NOT NULL;
CREATE VIEW daily AS
SELECT day, sends, deliveries, hard_bounces, soft_bounces, complaints, rejects, list_hits,
       CASE WHEN sends > 0 THEN min(1.0, 1.0 * hard_bounces / sends)
            WHEN deliveries > 0 THEN
                1.0 * hard_bounces / (deliveries + hard_bounces + soft_bounces)
       END AS bounce_rate,
       CASE WHEN deliveries > 0 THEN min(1.0, 1.0 * complaints / deliveries)
            WHEN sends > 0 THEN min(1.0, 1.0 * complaints / sends)
       END AS complaint_rate
FROM (SELECT day,
             coalesce(sum(n) FILTER (WHERE kind = 'sends'), 0) AS sends,
             coalesce(sum(n) FILTER (WHERE kind = 'deliveries'), 0) AS deliveries,
             coalesce(sum(n) FILTER (WHERE kind = 'hard_bounces'), 0) AS hard_bounces,
             coalesce(sum(n) FILTER (WHERE kind = 'soft_bounces'), 0) AS soft_bounces,
             coalesce(sum(n) FILTER (WHERE kind = 'complaints'), 0) AS complaints,
             coalesce(sum(n) FILTER (WHERE kind = 'rejects'), 0) AS rejects,
             coalesce(sum(n) FILTER (WHERE kind = 'list_hits'), 0) AS list_hits
      FROM daily_count
      GROUP BY day);
DELETE FROM "sqlite_sequence";
INSERT INTO "sqlite_sequence" VALUES('sns_message',35);
INSERT INTO "sqlite_sequence" VALUES('outbox',4);
INSERT INTO "sqlite_sequence" VALUES('event',28);
INSERT INTO "sqlite_sequence" VALUES('unapplied',4);
INSERT INTO "sqlite_sequence" VALUES('decision',6);
COMMIT;
