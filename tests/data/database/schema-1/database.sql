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
  "MessageId": "c8c2d968-b28d-4e91-914e-2b8666ad0803",
  "TopicArn": "arn:aws:sns:us-east-1:123456789012:ses-feedback",
  "Message": "{\"notificationType\": \"Bounce\", \"mail\": {\"timestamp\": \"2026-11-27T20:04:23.848Z\", \"source\": \"news@shop.example\", \"sourceArn\": \"arn:aws:ses:us-east-1:123456789012:identity/shop.example\", \"sendingAccountId\": \"123456789012\", \"messageId\": \"0100018cc4e52200-036cb968-668e-4f43-bc5f-bac4b426d2c2-000000\", \"destination\": [\"ann@mail.example\"], \"headersTruncated\": false, \"headers\": [{\"name\": \"From\", \"value\": \"Shop <news@shop.example>\"}], \"commonHeaders\": {\"from\": [\"Shop <news@shop.example>\"], \"to\": [\"ann@mail.example\"], \"subject\": \"News\"}, \"sourceIp\": \"192.0.2.7\", \"callerIdentity\": \"mailer\"}, \"bounce\": {\"feedbackId\": \"0100018cc51c1080-b0a5d2c9-689a-4d07-becc-6181849b8bea-000000\", \"bounceType\": \"Permanent\", \"bounceSubType\": \"General\", \"bouncedRecipients\": [{\"emailAddress\": \"ann@mail.example\", \"action\": \"failed\", \"status\": \"5.1.1\", \"diagnosticCode\": \"smtp; 550 5.1.1 user unknown\"}], \"timestamp\": \"2026-11-27T20:04:23.848Z\", \"remoteMtaIp\": \"198.51.100.25\", \"reportingMTA\": \"dsn; a8-70.smtp-out.amazonses.com\"}}",
  "Timestamp": "2024-01-01T13:00:00.000Z",
  "SignatureVersion": "2",
  "UnsubscribeURL": "https://sns.us-east-1.amazonaws.com/?Action=Unsubscribe&SubscriptionArn=arn:aws:sns:us-east-1:123456789012:ses-feedback:920985dc-0385-4d9f-9bf4-1443450b8664",
  "SigningCertURL": "https://sns.us-east-1.amazonaws.com/SimpleNotificationService-2460ff45e77312c72a360a330d71ac49.pem",
  "Signature": "DoWaFFciRCc7zAmKeLPK2Q4O5OX3RsYdTWjOoCr1L6ZjL9r5HhhkIqT/UhXbud2gMF6cRNzFrB3FI+YfjW4aoCqtBUP3a29KguZ3fq6gZ60nu1/gxi2j9qWVwp6OPFSLwwFAac/e1VBQBSfOEDKHsDJSZDCk0xt5GMgf7zv7PON+PWKyl+d0SkROI8SCahXA/pAMi4R+etFM8BjGtFxhGzZbeN8RMPqXyZsM2Q357MaFbJ0Smx7GI8VRbxKHgvp9xdOIg7d+cVYsnyW6xXuNgRqFqK+gxVtHIcaOIqjxUrNUgBqZcog6lNXh5I9BB4uRgtYJHiIM+n78i5teBCnfZA=="
}' AS BLOB));
INSERT INTO "body" VALUES(9,CAST('{
  "Type": "Notification",
  "MessageId": "c79d7b75-981a-40e3-89ec-35f06798a33e",
  "TopicArn": "arn:aws:sns:us-east-1:123456789012:ses-feedback",
  "Message": "{\"notificationType\": \"Bounce\", \"mail\": {\"timestamp\": \"2026-11-27T20:04:23.848Z\", \"source\": \"news@shop.example\", \"sourceArn\": \"arn:aws:ses:us-east-1:123456789012:identity/shop.example\", \"sendingAccountId\": \"123456789012\", \"messageId\": \"010001a21e9be8a8-6941b949-2a60-410e-8783-e1d73129994f-000000\", \"destination\": [\"ben@mail.example\"], \"headersTruncated\": false, \"headers\": [{\"name\": \"From\", \"value\": \"Shop <news@shop.example>\"}], \"commonHeaders\": {\"from\": [\"Shop <news@shop.example>\"], \"to\": [\"ben@mail.example\"], \"subject\": \"News\"}, \"sourceIp\": \"192.0.2.7\", \"callerIdentity\": \"mailer\"}, \"bounce\": {\"feedbackId\": \"010001a21e9be8a8-5d4574a1-fdb9-4f71-a397-f19e0e861d5d-000000\", \"bounceType\": \"Transient\", \"bounceSubType\": \"MailboxFull\", \"bouncedRecipients\": [{\"emailAddress\": \"ben@mail.example\", \"action\": \"failed\", \"status\": \"5.1.1\", \"diagnosticCode\": \"smtp; 550 5.1.1 user unknown\"}], \"timestamp\": \"2026-11-27T20:04:23.848Z\", \"remoteMtaIp\": \"198.51.100.25\", \"reportingMTA\": \"dsn; a8-70.smtp-out.amazonses.com\"}}",
  "Timestamp": "2024-01-03T12:00:00.000Z",
  "SignatureVersion": "2",
  "UnsubscribeURL": "https://sns.us-east-1.amazonaws.com/?Action=Unsubscribe&SubscriptionArn=arn:aws:sns:us-east-1:123456789012:ses-feedback:7b20bf76-4bf6-4856-ae86-c2686e66317a",
  "SigningCertURL": "https://sns.us-east-1.amazonaws.com/SimpleNotificationService-2460ff45e77312c72a360a330d71ac49.pem",
  "Signature": "KdiBf21fdqr3q324tDmDO08YBg1JVlKwaK1YJp9fn1mhJn21YE8WEUqohJAGSq8/xzXLSIXzLcee1rrftVoWsZG4fjSyU6MvNXZe1h6iDTYleIg9y8rwjKYfOWs+LVNkjs+vGF6p7Rm5+ddq8hLssF4jmRLcpzrKLGnQop6bSbDbnLlDdC3Z1DCbHBkFPi6n26kATXaaJrtFWPkRfXjmPueNrDCQao+OQpBB1gsZqBL7xRvhrVT6Cl6/56e53UrfAeT8EnTO6NKVnPIChIkfB07VwR1mp7GB5hJRptEvjpoHjf0PAqliMvsRURXN80+oa0JUPtN21GO73EuLbnjydg=="
}' AS BLOB));
INSERT INTO "body" VALUES(10,CAST('{
  "Type": "Notification",
  "MessageId": "1e73c804-3ab0-437d-9fae-6b69c6bfb532",
  "TopicArn": "arn:aws:sns:us-east-1:123456789012:ses-feedback",
  "Message": "{\"notificationType\": \"Bounce\", \"mail\": {\"timestamp\": \"2026-11-27T20:04:23.848Z\", \"source\": \"news@shop.example\", \"sourceArn\": \"arn:aws:ses:us-east-1:123456789012:identity/shop.example\", \"sendingAccountId\": \"123456789012\", \"messageId\": \"010001a21e9be8a8-7e37c75b-53cb-4393-8174-2229d8830955-000000\", \"destination\": [\"cyd@mail.example\"], \"headersTruncated\": false, \"headers\": [{\"name\": \"From\", \"value\": \"Shop <news@shop.example>\"}], \"commonHeaders\": {\"from\": [\"Shop <news@shop.example>\"], \"to\": [\"cyd@mail.example\"], \"subject\": \"News\"}, \"sourceIp\": \"192.0.2.7\", \"callerIdentity\": \"mailer\"}, \"bounce\": {\"feedbackId\": \"010001a21e9be8a8-f56412cf-046d-4b97-b6a2-a1476a0e9975-000000\", \"bounceType\": \"Transient\", \"bounceSubType\": \"General\", \"bouncedRecipients\": [{\"emailAddress\": \"cyd@mail.example\", \"action\": \"failed\", \"status\": \"5.1.1\", \"diagnosticCode\": \"smtp; 550 5.1.1 user unknown\"}], \"timestamp\": \"2026-11-27T20:04:23.848Z\", \"remoteMtaIp\": \"198.51.100.25\", \"reportingMTA\": \"dsn; a8-70.smtp-out.amazonses.com\"}}",
  "Timestamp": "2024-01-03T12:00:00.000Z",
  "SignatureVersion": "2",
  "UnsubscribeURL": "https://sns.us-east-1.amazonaws.com/?Action=Unsubscribe&SubscriptionArn=arn:aws:sns:us-east-1:123456789012:ses-feedback:9319f361-e661-4525-9d33-63f431fc9ba5",
  "SigningCertURL": "https://sns.us-east-1.amazonaws.com/SimpleNotificationService-2460ff45e77312c72a360a330d71ac49.pem",
  "Signature": "DzvcCyeOZVKjopVsCYrJKFX41JNajXlJREZUxS5NFkitTqAcxuackvT9Lo7O2X40T5JrNXE0ClwBzcE/xSgxt4LkTvoEAljS9YbAAUsRFIQbdiEqP5989pmj/JCbmX9lSoXDaavwrSe2VWDkjn9eOH38NwG3riUVthuqOUXbggHbmfx4lM4wWE8vbC0zylbqFSqknBXbkS4uVgIo1vaPy94hZjz9Z/jFb86VqlZOYRvuTRf2sSyfx7sZb4Skx47nobb+NgX7a16nKUKnskyIIBuIbzgg9varnYd9/c3FdVXkq3JLugyEi9JEGaqzsoC4K3RyK2thewM8WNxim+ND2A=="
}' AS BLOB));
INSERT INTO "body" VALUES(11,CAST('{
  "Type": "Notification",
  "MessageId": "8c6c200b-a326-42de-8ab4-17764aa430e2",
  "TopicArn": "arn:aws:sns:us-east-1:123456789012:ses-feedback",
  "Message": "{\"notificationType\": \"Bounce\", \"mail\": {\"timestamp\": \"2026-11-27T20:04:23.848Z\", \"source\": \"news@shop.example\", \"sourceArn\": \"arn:aws:ses:us-east-1:123456789012:identity/shop.example\", \"sendingAccountId\": \"123456789012\", \"messageId\": \"010001a21e9be8a8-c46ef727-7513-4994-910a-1b60a0b05487-000000\", \"destination\": [\"cyd@mail.example\"], \"headersTruncated\": false, \"headers\": [{\"name\": \"From\", \"value\": \"Shop <news@shop.example>\"}], \"commonHeaders\": {\"from\": [\"Shop <news@shop.example>\"], \"to\": [\"cyd@mail.example\"], \"subject\": \"News\"}, \"sourceIp\": \"192.0.2.7\", \"callerIdentity\": \"mailer\"}, \"bounce\": {\"feedbackId\": \"010001a21e9be8a8-e42a5a8f-605e-4c60-9310-37a2a569955c-000000\", \"bounceType\": \"Transient\", \"bounceSubType\": \"General\", \"bouncedRecipients\": [{\"emailAddress\": \"cyd@mail.example\", \"action\": \"failed\", \"status\": \"5.1.1\", \"diagnosticCode\": \"smtp; 550 5.1.1 user unknown\"}], \"timestamp\": \"2026-11-27T20:04:23.848Z\", \"remoteMtaIp\": \"198.51.100.25\", \"reportingMTA\": \"dsn; a8-70.smtp-out.amazonses.com\"}}",
  "Timestamp": "2024-01-05T12:00:00.000Z",
  "SignatureVersion": "2",
  "UnsubscribeURL": "https://sns.us-east-1.amazonaws.com/?Action=Unsubscribe&SubscriptionArn=arn:aws:sns:us-east-1:123456789012:ses-feedback:9d83038d-93e7-4bf1-89c0-5b57fe58acfc",
  "SigningCertURL": "https://sns.us-east-1.amazonaws.com/SimpleNotificationService-2460ff45e77312c72a360a330d71ac49.pem",
  "Signature": "SaC8cXOwoYNxdGQcGMN0aJrnLiP/EeJ8eMckkxjM58W4F3TYjb2eaDDDIbSN/UEZIDl+JPczOIzSmLQFpOQHbPY8Sb4qkrVkL3TxwhZe+HFvOxgvxPl/ElepUGsTNA9UCJx2oM3if8KrLdWnrbpkj8MrPk57SiM4ZAuGZHx0ebYifHF81MYFH1DP6so1ysoi1NUmjAnThFhXQwE+7dwhp4RQTRO+Vb+YbDBFPnF+k8XSqki/CuqFTh4r8bOCTGLrgMCdk3ZaNH+QKGmvDKDoeLmLYqBydGMu9DvV4QpdOUdnSGuabE3MsUcEGBgnxDl60HjQpufFAbjPqId9NueC3A=="
}' AS BLOB));
INSERT INTO "body" VALUES(12,CAST('{
  "Type": "Notification",
  "MessageId": "6bd789d2-80c3-4c9c-9b94-1edd974985aa",
  "TopicArn": "arn:aws:sns:us-east-1:123456789012:ses-feedback",
  "Message": "{\"notificationType\": \"Bounce\", \"mail\": {\"timestamp\": \"2026-11-27T20:04:23.848Z\", \"source\": \"news@shop.example\", \"sourceArn\": \"arn:aws:ses:us-east-1:123456789012:identity/shop.example\", \"sendingAccountId\": \"123456789012\", \"messageId\": \"010001a21e9be8a8-0bd5304d-704d-4e60-910d-5d96a40dcfdb-000000\", \"destination\": [\"dan@mail.example\"], \"headersTruncated\": false, \"headers\": [{\"name\": \"From\", \"value\": \"Shop <news@shop.example>\"}], \"commonHeaders\": {\"from\": [\"Shop <news@shop.example>\"], \"to\": [\"dan@mail.example\"], \"subject\": \"News\"}, \"sourceIp\": \"192.0.2.7\", \"callerIdentity\": \"mailer\"}, \"bounce\": {\"feedbackId\": \"010001a21e9be8a8-004db8f9-a21f-4e31-a5f6-08238667fb18-000000\", \"bounceType\": \"Transient\", \"bounceSubType\": \"General\", \"bouncedRecipients\": [{\"emailAddress\": \"dan@mail.example\", \"action\": \"failed\", \"status\": \"5.1.1\", \"diagnosticCode\": \"smtp; 550 5.1.1 user unknown\"}], \"timestamp\": \"2026-11-27T20:04:23.848Z\", \"remoteMtaIp\": \"198.51.100.25\", \"reportingMTA\": \"dsn; a8-70.smtp-out.amazonses.com\"}}",
  "Timestamp": "2099-01-03T12:00:00.000Z",
  "SignatureVersion": "2",
  "UnsubscribeURL": "https://sns.us-east-1.amazonaws.com/?Action=Unsubscribe&SubscriptionArn=arn:aws:sns:us-east-1:123456789012:ses-feedback:b683823d-b2c1-47b4-a702-51f242dbde57",
  "SigningCertURL": "https://sns.us-east-1.amazonaws.com/SimpleNotificationService-2460ff45e77312c72a360a330d71ac49.pem",
  "Signature": "eiS3tzdo87h2TFZsejPbfV8BNS8O5KNZlakn6RDqrq7KNApJCu3t0E1Fbrm72Va2EFpVI73KVlRQoSgLT5rKuju+4E+Bab0E1nLUk/dtzQKtJ/Go3H+y3Rh2By8nmn58lHp0MM768OooAQY3nEc8sfrTpD99as4YjEcMFj5aOK6laozXrWtyU6akvJWOnMwYeg8SfqCQXKyERMJqpcYIRlHDGV4eT+IWUV0iT2AaXiv7aVpMGTzwmlu/vfVcjSyniftu4hvf5J2Bgom89pCl1uRHL066A1JB5LEquDIZ7txHN8C7/xV92blJ4BMW7yNuZ+IBFR+OuzCTfX/L7XpG8Q=="
}' AS BLOB));
INSERT INTO "body" VALUES(13,CAST('{
  "Type": "Notification",
  "MessageId": "8b23f57a-4c9e-4c70-b032-cc4038faa22f",
  "TopicArn": "arn:aws:sns:us-east-1:123456789012:ses-feedback",
  "Message": "{\"notificationType\": \"Bounce\", \"mail\": {\"timestamp\": \"2026-11-27T20:04:23.848Z\", \"source\": \"news@shop.example\", \"sourceArn\": \"arn:aws:ses:us-east-1:123456789012:identity/shop.example\", \"sendingAccountId\": \"123456789012\", \"messageId\": \"010001a21e9be8a8-1e915de0-443d-4834-804b-c2288ad43f2b-000000\", \"destination\": [\"eve@mail.example\"], \"headersTruncated\": false, \"headers\": [{\"name\": \"From\", \"value\": \"Shop <news@shop.example>\"}], \"commonHeaders\": {\"from\": [\"Shop <news@shop.example>\"], \"to\": [\"eve@mail.example\"], \"subject\": \"News\"}, \"sourceIp\": \"192.0.2.7\", \"callerIdentity\": \"mailer\"}, \"bounce\": {\"feedbackId\": \"010001a21e9be8a8-181e6e5a-b544-4428-868a-7991bba1a1f1-000000\", \"bounceType\": \"Permanent\", \"bounceSubType\": \"Suppressed\", \"bouncedRecipients\": [{\"emailAddress\": \"eve@mail.example\", \"action\": \"failed\", \"status\": \"5.1.1\", \"diagnosticCode\": \"smtp; 550 5.1.1 user unknown\"}], \"timestamp\": \"2026-11-27T20:04:23.848Z\", \"remoteMtaIp\": \"198.51.100.25\", \"reportingMTA\": \"dsn; a8-70.smtp-out.amazonses.com\"}}",
  "Timestamp": "2024-01-06T12:00:00.000Z",
  "SignatureVersion": "2",
  "UnsubscribeURL": "https://sns.us-east-1.amazonaws.com/?Action=Unsubscribe&SubscriptionArn=arn:aws:sns:us-east-1:123456789012:ses-feedback:465c20e6-7616-465d-952e-55cb7372bcc6",
  "SigningCertURL": "https://sns.us-east-1.amazonaws.com/SimpleNotificationService-2460ff45e77312c72a360a330d71ac49.pem",
  "Signature": "UgP0cdmid0/vBTFyT7iqMDrIjvU22nMczE2/BiolNTO+zKtP6ncjMhM03LDXJWvlFnIOiA+oi/LE0xYYnIdrbyF6XpmDrZBy/XGbenOCQpKrj9x5lvqaUBztVs8fBv0MawgofTSfXSXmNuVsuVWcEFWjiTgTdNuEckHzRkp/voxh2F66y/6augfuq1pFjtZpnivL5CFHDGlmcbPzog/TYvi/RXdovritxWyJ//yJ2ipd2Gd4nF6C6RFpJEs/qcWQgE7/aIozAjAsfGEcaGB7suK9T5W+o4p+zBEEpXq1KFppCBLGi8CTVD2htPQQ59ReuOmKcqy727oGfVvL2Liq/g=="
}' AS BLOB));
INSERT INTO "body" VALUES(14,CAST('{
  "Type": "Notification",
  "MessageId": "28e709d7-fba8-44d7-8edd-14639af3f314",
  "TopicArn": "arn:aws:sns:us-east-1:123456789012:ses-feedback",
  "Message": "{\"notificationType\": \"Complaint\", \"mail\": {\"timestamp\": \"2026-11-27T20:04:23.848Z\", \"source\": \"news@shop.example\", \"sourceArn\": \"arn:aws:ses:us-east-1:123456789012:identity/shop.example\", \"sendingAccountId\": \"123456789012\", \"messageId\": \"010001a21e9be8a8-ae34f078-0649-4c11-a5d5-b63d2dd88261-000000\", \"destination\": [\"fay@mail.example\"], \"headersTruncated\": false, \"headers\": [{\"name\": \"From\", \"value\": \"Shop <news@shop.example>\"}], \"commonHeaders\": {\"from\": [\"Shop <news@shop.example>\"], \"to\": [\"fay@mail.example\"], \"subject\": \"News\"}, \"sourceIp\": \"192.0.2.7\", \"callerIdentity\": \"mailer\"}, \"complaint\": {\"feedbackId\": \"010001a21e9be8a8-18ddfab1-d282-45bd-b00c-0f18be090492-000000\", \"complaintSubType\": null, \"complainedRecipients\": [{\"emailAddress\": \"fay@mail.example\"}], \"timestamp\": \"2026-11-27T20:04:23.848Z\", \"userAgent\": \"ExampleCorp Feedback Loop (V0.01)\", \"arrivalDate\": \"2026-11-27T20:04:23.848Z\", \"complaintFeedbackType\": \"abuse\"}}",
  "Timestamp": "2024-01-07T12:00:00.000Z",
  "SignatureVersion": "2",
  "UnsubscribeURL": "https://sns.us-east-1.amazonaws.com/?Action=Unsubscribe&SubscriptionArn=arn:aws:sns:us-east-1:123456789012:ses-feedback:a642f428-965b-497b-bc34-2d936b89375b",
  "SigningCertURL": "https://sns.us-east-1.amazonaws.com/SimpleNotificationService-2460ff45e77312c72a360a330d71ac49.pem",
  "Signature": "JYjWQlp6q3g3eDnuhsSR1NOJ6JN9wmugXkG2Ub+6v+LCFo/CCki5LLKFdBrYjByAqj1Jhsn+kL1oFXV3Vp+0+GPjs6LadJHf0ik6wX4cASncpd9pHL/JT0VUbYS7Ikg/WhMDN4pdQKCFVNX9nx2t0JrTmO/pod2AnCyfmfnDLE/ymtJXmYOgpxqUidXInQz7Vm99Pci/d6TUZgfwlcbhah8wLUoZhaTcR/czfgBdfN6b5/uUzy5ejiDQb9uCcd3hgqZH+SSy4CJTyJUnWVaIJrWJYxgkGe8cXYde36I7cOlX3HOFcplThMglSEIZpYEAcZQruHeOWu1g7263JipUxg=="
}' AS BLOB));
INSERT INTO "body" VALUES(15,CAST('{
  "Type": "Notification",
  "MessageId": "5f91c2f9-0248-4bfc-a5de-62b25d444701",
  "TopicArn": "arn:aws:sns:us-east-1:123456789012:ses-feedback",
  "Message": "{\"notificationType\": \"Complaint\", \"mail\": {\"timestamp\": \"2026-11-27T20:04:23.848Z\", \"source\": \"news@shop.example\", \"sourceArn\": \"arn:aws:ses:us-east-1:123456789012:identity/shop.example\", \"sendingAccountId\": \"123456789012\", \"messageId\": \"010001a21e9be8a8-5d71508b-662f-4290-a7f0-ffa271b6a9a3-000000\", \"destination\": [\"kim@mail.example\", \"lea@mail.example\", \"max@mail.example\"], \"headersTruncated\": false, \"headers\": [{\"name\": \"From\", \"value\": \"Shop <news@shop.example>\"}], \"commonHeaders\": {\"from\": [\"Shop <news@shop.example>\"], \"to\": [\"kim@mail.example\", \"lea@mail.example\", \"max@mail.example\"], \"subject\": \"News\"}, \"sourceIp\": \"192.0.2.7\", \"callerIdentity\": \"mailer\"}, \"complaint\": {\"feedbackId\": \"010001a21e9be8a8-c6b979d2-bf57-49e3-a3ab-96f61890f0a1-000000\", \"complaintSubType\": null, \"complainedRecipients\": [{\"emailAddress\": \"kim@mail.example\"}, {\"emailAddress\": \"lea@mail.example\"}, {\"emailAddress\": \"max@mail.example\"}], \"timestamp\": \"2026-11-27T20:04:23.848Z\", \"userAgent\": \"ExampleCorp Feedback Loop (V0.01)\", \"arrivalDate\": \"2026-11-27T20:04:23.848Z\", \"complaintFeedbackType\": \"abuse\"}}",
  "Timestamp": "2024-01-07T13:00:00.000Z",
  "SignatureVersion": "2",
  "UnsubscribeURL": "https://sns.us-east-1.amazonaws.com/?Action=Unsubscribe&SubscriptionArn=arn:aws:sns:us-east-1:123456789012:ses-feedback:60420121-c954-4b4e-a0ed-58c377703e01",
  "SigningCertURL": "https://sns.us-east-1.amazonaws.com/SimpleNotificationService-2460ff45e77312c72a360a330d71ac49.pem",
  "Signature": "A/dv+vW/HSPNGRNHCu3I9dR/sP24ykBzZKgWu6UI6s8wmAeNRn8QU3tCXVmiTOOGiDfsHrixIgHduJ/nYnJfqj3e5z9isWcJ+FM1JaNQ9y0huSCahfUJFfsXEsP7Hcx7SNnVH+BXUzx/iCpkXQ/JIbQPUZEE7MB+QyEXTQwHDC9YohI9dLmsqtjO4EgddbIw46bwFty+YZ66j2Z4jmYvRONml7ZHrFuAvYMNqmbUL9F7rkhNsvz4UB4bHJ4RH3MWNuZD2jMcq+0WvT133/vrp2mR24QsKzyFyBMyuslRbIK1hJDh1/BBzEIGifmSEE66Vk1D6H3ZO8Ge1ndFZua70A=="
}' AS BLOB));
INSERT INTO "body" VALUES(16,CAST('{
  "Type": "Notification",
  "MessageId": "80d7acf8-c3be-4e82-ba5d-a42d2f387608",
  "TopicArn": "arn:aws:sns:us-east-1:123456789012:ses-feedback",
  "Message": "{\"notificationType\": \"Complaint\", \"mail\": {\"timestamp\": \"2026-11-27T20:04:23.848Z\", \"source\": \"news@shop.example\", \"sourceArn\": \"arn:aws:ses:us-east-1:123456789012:identity/shop.example\", \"sendingAccountId\": \"123456789012\", \"messageId\": \"010001a21e9be8a8-c8d44da4-a04a-4fa3-8377-dc1197c03a4f-000000\", \"destination\": [\"ann@mail.example\"], \"headersTruncated\": false, \"headers\": [{\"name\": \"From\", \"value\": \"Shop <news@shop.example>\"}], \"commonHeaders\": {\"from\": [\"Shop <news@shop.example>\"], \"to\": [\"ann@mail.example\"], \"subject\": \"News\"}, \"sourceIp\": \"192.0.2.7\", \"callerIdentity\": \"mailer\"}, \"complaint\": {\"feedbackId\": \"010001a21e9be8a8-e8809211-d9c0-4557-98c9-2f883c93fa2d-000000\", \"complaintSubType\": null, \"complainedRecipients\": [{\"emailAddress\": \"ann@mail.example\"}], \"timestamp\": \"2026-11-27T20:04:23.848Z\", \"userAgent\": \"ExampleCorp Feedback Loop (V0.01)\", \"arrivalDate\": \"2026-11-27T20:04:23.848Z\", \"complaintFeedbackType\": \"not-spam\"}}",
  "Timestamp": "2024-01-07T14:00:00.000Z",
  "SignatureVersion": "2",
  "UnsubscribeURL": "https://sns.us-east-1.amazonaws.com/?Action=Unsubscribe&SubscriptionArn=arn:aws:sns:us-east-1:123456789012:ses-feedback:d0c2a59c-8a45-49b7-bcf0-1ee522d6435a",
  "SigningCertURL": "https://sns.us-east-1.amazonaws.com/SimpleNotificationService-2460ff45e77312c72a360a330d71ac49.pem",
  "Signature": "LLwKvyQL2DcZKV5ieaOe196Os6h6HDV4Oo4tIynTf7Xisys+DGLVQJn12Rn2Gzyrnhx/xsyV62HN6NAspj+ZSR88VFHc1t9yoQYI5RVv4x/5/R2Ocbccqyj1dfMFL3xKhWX2J6FPzLYj+6PHWfL/zZKAuDBO5mAhg+IQADsM2LCyhLGsTL8aVUU72KlQpLh3JgklW9eJXQg88pPrtM3Rw+P50QhSNqMwk38hTuWL55LzNnUfOEKPyGO4c0PG7DZNjEz2gEWY7cgfTxFn8df0Pu10vFkFHYXuRDPPiGd4tNtgtAO0oT8xC+3oTHyPYvcVxbb4fx7V6cf2qpgbrjxgRg=="
}' AS BLOB));
INSERT INTO "body" VALUES(17,CAST('{
  "Type": "Notification",
  "MessageId": "09424877-8c90-4ed8-b111-617e7279195a",
  "TopicArn": "arn:aws:sns:us-east-1:123456789012:ses-feedback",
  "Message": "{\"notificationType\": \"Bounce\", \"mail\": {\"timestamp\": \"2026-11-27T20:04:23.848Z\", \"source\": \"news@shop.example\", \"sourceArn\": \"arn:aws:ses:us-east-1:123456789012:identity/shop.example\", \"sendingAccountId\": \"123456789012\", \"messageId\": \"010001a21e9be8a8-21c56a42-d6e0-43bc-842b-16160fb246e4-000000\", \"destination\": [\"gus@mail.example\"], \"headersTruncated\": false, \"headers\": [{\"name\": \"From\", \"value\": \"Shop <news@shop.example>\"}], \"commonHeaders\": {\"from\": [\"Shop <news@shop.example>\"], \"to\": [\"gus@mail.example\"], \"subject\": \"News\"}, \"sourceIp\": \"192.0.2.7\", \"callerIdentity\": \"mailer\"}, \"bounce\": {\"feedbackId\": \"010001a21e9be8a8-94f840d7-d73a-4f34-9d5d-590fd6b7607f-000000\", \"bounceType\": \"Permanent\", \"bounceSubType\": \"General\", \"bouncedRecipients\": [{\"emailAddress\": \"gus@mail.example\", \"action\": \"failed\", \"status\": \"5.7.1\", \"diagnosticCode\": \"smtp; 554 5.7.1 listed on a DNS blocklist\"}], \"timestamp\": \"2026-11-27T20:04:23.848Z\", \"remoteMtaIp\": \"198.51.100.25\", \"reportingMTA\": \"dsn; a8-70.smtp-out.amazonses.com\"}}",
  "Timestamp": "2024-01-08T12:00:00.000Z",
  "SignatureVersion": "2",
  "UnsubscribeURL": "https://sns.us-east-1.amazonaws.com/?Action=Unsubscribe&SubscriptionArn=arn:aws:sns:us-east-1:123456789012:ses-feedback:29308dea-d932-4e4a-8766-3d5b3f7b59e8",
  "SigningCertURL": "https://sns.us-east-1.amazonaws.com/SimpleNotificationService-2460ff45e77312c72a360a330d71ac49.pem",
  "Signature": "EvIGmVXUIX9/DHj0wN2M+mT2uQhzB9G1qUH6EFBkPffCC85cwdwrAcp1cs+9TBkrbQtJPNK7BcR5GtxWhZULwiBbOxzPC5kcOAWEVWA3CY8iZiU2Bp+jhF3JNkYBZjKww8iYLv8SEjAF+IJhdbdXfQKCLf/TEY3is4gTcO7kkbCxgunNAtN9lPeVjyogRG36crTnj9Zgav7NNRJXgxx+e7dakWEwKnfCQm9dVAIARopJpIF9ZlRWQyRJ+xFrT16RmYMh8lp+0QA/4T2KXOUkkm4xu8I23KpPDnhMuifiUwsHmosjrdjrb3KEsAUlj9Ucgzk6g6rSZGai7UjNKv74gA=="
}' AS BLOB));
INSERT INTO "body" VALUES(18,CAST('{
  "Type": "Notification",
  "MessageId": "f046938a-b896-4ad4-a596-7787032db9b9",
  "TopicArn": "arn:aws:sns:us-east-1:123456789012:ses-feedback",
  "Message": "{\"notificationType\": \"Bounce\", \"mail\": {\"timestamp\": \"2026-11-27T20:04:23.848Z\", \"source\": \"news@shop.example\", \"sourceArn\": \"arn:aws:ses:us-east-1:123456789012:identity/shop.example\", \"sendingAccountId\": \"123456789012\", \"messageId\": \"010001a21e9be8a8-acee6b29-0021-4868-82ca-a5737968d2fc-000000\", \"destination\": [\"bounce@simulator.amazonses.com\"], \"headersTruncated\": false, \"headers\": [{\"name\": \"From\", \"value\": \"Shop <news@shop.example>\"}], \"commonHeaders\": {\"from\": [\"Shop <news@shop.example>\"], \"to\": [\"bounce@simulator.amazonses.com\"], \"subject\": \"News\"}, \"sourceIp\": \"192.0.2.7\", \"callerIdentity\": \"mailer\"}, \"bounce\": {\"feedbackId\": \"010001a21e9be8a8-6d507541-785c-4ff1-b9a5-1fb30aaf7860-000000\", \"bounceType\": \"Permanent\", \"bounceSubType\": \"General\", \"bouncedRecipients\": [{\"emailAddress\": \"bounce@simulator.amazonses.com\", \"action\": \"failed\", \"status\": \"5.1.1\", \"diagnosticCode\": \"smtp; 550 5.1.1 user unknown\"}], \"timestamp\": \"2026-11-27T20:04:23.848Z\", \"remoteMtaIp\": \"198.51.100.25\", \"reportingMTA\": \"dsn; a8-70.smtp-out.amazonses.com\"}}",
  "Timestamp": "2024-01-08T13:00:00.000Z",
  "SignatureVersion": "2",
  "UnsubscribeURL": "https://sns.us-east-1.amazonaws.com/?Action=Unsubscribe&SubscriptionArn=arn:aws:sns:us-east-1:123456789012:ses-feedback:2ff85f8f-7e1b-4c27-88f6-fef6c9edc301",
  "SigningCertURL": "https://sns.us-east-1.amazonaws.com/SimpleNotificationService-2460ff45e77312c72a360a330d71ac49.pem",
  "Signature": "Mkb2j7ZmawIIHzdLTpEr3zK5OlWtSevv6bAA5GosOkVTUS59rGKztGWo9ibfy+TAiItuNQnhqDCddG1wYE/bTCWqUTUigbd7cBq/tvxWhFes+rD1BypSrO2jF/ciPAL874YWIZGn8EFR3f6AYESfZPP41LtDpCw6udm1uT5AaKqLQCW27g7YnAJnprG7kB4sFdK1y/z0MxnserAabrTN0uU4HjRbgT/N941/cC+gOuKpWzVV9Rlfavn8/IpqYJB2Tr/o7oosJBl5JRyPtWFosICIHzyUMAwoRvorzfkMPvZk2v3lg3RPdaFxmkf0R6+8AUz7om2PR+GNkDgKTwbzIA=="
}' AS BLOB));
INSERT INTO "body" VALUES(19,CAST('{
  "Type": "Notification",
  "MessageId": "837911b9-1061-43fb-8bc0-ff2522720ff8",
  "TopicArn": "arn:aws:sns:us-east-1:123456789012:ses-feedback",
  "Message": "{\"notificationType\": \"Bounce\", \"mail\": {\"timestamp\": \"2026-11-27T20:04:23.848Z\", \"source\": \"news@shop.example\", \"sourceArn\": \"arn:aws:ses:us-east-1:123456789012:identity/shop.example\", \"sendingAccountId\": \"123456789012\", \"messageId\": \"010001a21e9be8a8-b05dd84e-3dea-43ab-93e8-e58f9b5125b0-000000\", \"destination\": [\"hal@mail.example\"], \"headersTruncated\": false, \"headers\": [{\"name\": \"From\", \"value\": \"Shop <news@shop.example>\"}], \"commonHeaders\": {\"from\": [\"Shop <news@shop.example>\"], \"to\": [\"hal@mail.example\"], \"subject\": \"News\"}, \"sourceIp\": \"192.0.2.7\", \"callerIdentity\": \"mailer\"}, \"bounce\": {\"feedbackId\": \"010001a21e9be8a8-318b8b94-4d82-4b44-aede-20aa5d3d3ab6-000000\", \"bounceType\": \"Permanent\", \"bounceSubType\": \"General\", \"bouncedRecipients\": [{\"emailAddress\": \"hal@mail.example\", \"action\": \"failed\", \"status\": \"5.1.1\", \"diagnosticCode\": \"smtp; 550 5.1.1 user unknown\"}], \"timestamp\": \"2026-11-27T20:04:23.848Z\", \"remoteMtaIp\": \"198.51.100.25\", \"reportingMTA\": \"dsn; a8-70.smtp-out.amazonses.com\"}}",
  "Timestamp": "2024-01-09T12:00:00.000Z",
  "SignatureVersion": "2",
  "UnsubscribeURL": "https://sns.us-east-1.amazonaws.com/?Action=Unsubscribe&SubscriptionArn=arn:aws:sns:us-east-1:123456789012:ses-feedback:84f1013f-3532-447c-b765-135f50a38684",
  "SigningCertURL": "https://sns.us-east-1.amazonaws.com/SimpleNotificationService-2460ff45e77312c72a360a330d71ac49.pem",
  "Signature": "alW6TbRJRiR7Ntjv4q/KmCOMCzONM2D39aUqwtPh2mh7FWFNhk0k0asdChGA7JWIF3IBGXPo06ikpCNLO0GT6zBLdvyGs6yWq+RLxxWiKJd3QqVwJTMrDV3801Toin0Cbc2Tel/N30Tbw1pd/70ctP8h1yD9LXk2F5vMU4sEoXd3DVfE8Lm91RTumRE4QoK2vc+Aj5OJBb5NjQKlKOOiFk4HgzXZi9zHbUKLxuZF4DTC11BXqZzBHTxYolhwqHVQtLa/ELsYOIbAtSPeDOseVGBFzkqIcZkR8Exefak6+fSUL7z+CzRqC9VWRnKZ2flV/PJknNLx/uQSBGttJXSRgw=="
}' AS BLOB));
INSERT INTO "body" VALUES(20,CAST('{
  "Type": "Notification",
  "MessageId": "7a82b3c4-3326-40f9-864b-f3b9c31bedcd",
  "TopicArn": "arn:aws:sns:us-east-1:123456789012:ses-feedback",
  "Message": "{\"notificationType\": \"Bounce\", \"mail\": {\"timestamp\": \"2026-11-27T20:04:23.848Z\", \"source\": \"news@shop.example\", \"sourceArn\": \"arn:aws:ses:us-east-1:123456789012:identity/shop.example\", \"sendingAccountId\": \"123456789012\", \"messageId\": \"010001a21e9be8a8-d19c3414-d4dc-4827-88b2-46d192c7be86-000000\", \"destination\": [\"ida@mail.example\"], \"headersTruncated\": false, \"headers\": [{\"name\": \"From\", \"value\": \"Shop <news@shop.example>\"}], \"commonHeaders\": {\"from\": [\"Shop <news@shop.example>\"], \"to\": [\"ida@mail.example\"], \"subject\": \"News\"}, \"sourceIp\": \"192.0.2.7\", \"callerIdentity\": \"mailer\"}, \"bounce\": {\"feedbackId\": \"010001a21e9be8a8-96a7aa0e-7153-4c52-95b0-b86eb3fe8f0e-000000\", \"bounceType\": \"Permanent\", \"bounceSubType\": \"General\", \"bouncedRecipients\": [{\"emailAddress\": \"ida@mail.example\", \"action\": \"failed\", \"status\": \"5.1.1\", \"diagnosticCode\": \"smtp; 550 5.1.1 user unknown\"}], \"timestamp\": \"2026-11-27T20:04:23.848Z\", \"remoteMtaIp\": \"198.51.100.25\", \"reportingMTA\": \"dsn; a8-70.smtp-out.amazonses.com\"}}",
  "Timestamp": "2024-01-09T13:00:00.000Z",
  "SignatureVersion": "2",
  "UnsubscribeURL": "https://sns.us-east-1.amazonaws.com/?Action=Unsubscribe&SubscriptionArn=arn:aws:sns:us-east-1:123456789012:ses-feedback:ab671d5d-8f1f-4a62-93f3-9511aa0342c7",
  "SigningCertURL": "https://sns.us-east-1.amazonaws.com/SimpleNotificationService-2460ff45e77312c72a360a330d71ac49.pem",
  "Signature": "TNuKjBbZC2R5VN543CwGCoVmO0/ZjvUqpKZ6f30Wx01ls2myitUEj3tUYiUZFqW+UjE4a0TIb8ObgEuLTn75ZHRRgUDnwj+LYU33e7HFc2oJ12GfF66V8CkkJcZria6D/2FBdWdDKBcWpgWxknKqDIqoK4iDoRdNjzCFyIxs4XAebnjgoONLRR/hBhgOnUKuvWSmk0kmLqrDibd71I4OCrxr8dj+7gizae5TF9uscc0iRhheBfhMn02nAfBdUBFEmrcz5xzLMz2NmdXgyf8G9sFKLJnHxK0AGXVLrsa7bGVONvAu8LLxX6VOyAR0xy0mrK4fD2ycoRIFN+mQ4E6h9g=="
}' AS BLOB));
INSERT INTO "body" VALUES(21,CAST('{
  "Type": "Notification",
  "MessageId": "d1075a93-92a0-4796-8341-0b5b363d5d13",
  "TopicArn": "arn:aws:sns:us-east-1:123456789012:ses-feedback",
  "Message": "{\"eventType\": \"Reject\", \"mail\": {\"timestamp\": \"2026-11-27T20:04:23.848Z\", \"source\": \"news@shop.example\", \"sourceArn\": \"arn:aws:ses:us-east-1:123456789012:identity/shop.example\", \"sendingAccountId\": \"123456789012\", \"messageId\": \"010001a21e9be8a8-21352cdf-aa70-4f32-ac55-d6533c0e7721-000000\", \"destination\": [\"oda@mail.example\"], \"headersTruncated\": false, \"headers\": [{\"name\": \"From\", \"value\": \"Shop <news@shop.example>\"}], \"commonHeaders\": {\"from\": [\"Shop <news@shop.example>\"], \"to\": [\"oda@mail.example\"], \"subject\": \"News\"}, \"tags\": {\"ses:configuration-set\": [\"newsletter\"], \"ses:from-domain\": [\"shop.example\"], \"ses:source-ip\": [\"192.0.2.7\"]}}, \"reject\": {\"reason\": \"Bad content\"}}\n",
  "Timestamp": "2024-01-11T12:00:00.000Z",
  "SignatureVersion": "2",
  "Subject": "Amazon SES Email Event Notification",
  "UnsubscribeURL": "https://sns.us-east-1.amazonaws.com/?Action=Unsubscribe&SubscriptionArn=arn:aws:sns:us-east-1:123456789012:ses-feedback:e6e8b25b-d4df-4e67-b1b1-a04fc80473f6",
  "SigningCertURL": "https://sns.us-east-1.amazonaws.com/SimpleNotificationService-2460ff45e77312c72a360a330d71ac49.pem",
  "Signature": "jEYZEA+7LBB4Vng1BKkkkUbPmgWB2lZ93yI+igvO85iekA44/Z9Gv7bLFUUBwlD3m/KbSLHNcbg7UjPkMKaEUU0ezYMAZu0EB8KfQPbHqjzhatLXJ4WrKzzJHL5Lkd343BQFKS8x3HqjEjwGVyituC5lp+cIR2EJnNDPeFDrb2AcosXsfGMqdyp7eUwGjLUkEZarNH+4YIeWf/CeZosjH7u0a2LkthS2eTEKjt5Lu0rbRDUxjv1OuIAku8s2yptr8DIQ8ak7tDX2cOO/Vd4viUi/EjrSAiTZ3NOxF84rSdlDB8OrarDLxWMu9bUAXSacJUkT6ZaXdWNOji8zYw1fug=="
}' AS BLOB));
INSERT INTO "body" VALUES(22,CAST('{
  "Type": "Notification",
  "MessageId": "bd2dc456-10cc-4ee7-a00a-b47bd12b8c26",
  "TopicArn": "arn:aws:sns:us-east-1:123456789012:ses-feedback",
  "Message": "no json: \u00e9",
  "Timestamp": "2024-01-12T12:00:00.000Z",
  "SignatureVersion": "2",
  "UnsubscribeURL": "https://sns.us-east-1.amazonaws.com/?Action=Unsubscribe&SubscriptionArn=arn:aws:sns:us-east-1:123456789012:ses-feedback:1a6006e5-1d28-4683-a994-f4078725a707",
  "SigningCertURL": "https://sns.us-east-1.amazonaws.com/SimpleNotificationService-2460ff45e77312c72a360a330d71ac49.pem",
  "Signature": "T3JAv6zjGyB8gmPqIWFihsdTpZPdpRZ2lDBMzaGSa2TCVnQ3gsFf7q3XJ4/mS5WX5wVhLEKVGM2HGCnBON3/uJxOZblMji7j8HsEF2U3dIbLfzRjuP/vtWhRf2ta9W9zMx3q1QilbMFuarp9tvUVzQ41jxZT3PXPmAMSrXL//t+KBrci0P6hfidQxrDnrVdfbK6jk3nG/aXp/m/U950x88OtI4/PywIF30m43yW2IURUnOUsY3vqZks+AIHKkvQ2BGVWLl9UMll9c3q3SsnS/k8uOPo2aZGU5r092jT4ZFHr0OStQGLbW/ocvZxqHT0DCq1eYXUgTzXxQInNbkatfA=="
}' AS BLOB));
INSERT INTO "body" VALUES(23,CAST('{
  "Type": "Notification",
  "MessageId": "429b7e59-651f-4133-81f8-301b64db64f8",
  "TopicArn": "arn:aws:sns:us-east-1:123456789012:ses-feedback",
  "Message": "{\"hello\": \"world\"}",
  "Timestamp": "2024-01-12T12:00:00.000Z",
  "SignatureVersion": "2",
  "UnsubscribeURL": "https://sns.us-east-1.amazonaws.com/?Action=Unsubscribe&SubscriptionArn=arn:aws:sns:us-east-1:123456789012:ses-feedback:85ca90eb-1dae-4ee6-95a3-a398e9ea5860",
  "SigningCertURL": "https://sns.us-east-1.amazonaws.com/SimpleNotificationService-2460ff45e77312c72a360a330d71ac49.pem",
  "Signature": "BjR3GM575r7qpsj960Qbo9w7y9SNFXD9Xm5IXksqaKwv9gRZB/mHK4cNGPpuOgnCx3MkBKwmJI148KkiOiFCqqc7rDp7lU0I91ekHfM5qMNbSuGGYMyP7dlEXJQAcyEllZeMby7oONTUJpa5vDrdeboFkkTcWCTp8YOWVF20VuW9mwqVjEqjTSPWM3+aL3sexk4FOS3gFR4+pCSsgm86Vxp+Uk6tM7+aVf17vttab9Scz0b5QiGIDOFhxeFEig2mMnfn/e83bIeIEWwhDIcoAJO7pERYR/EPR0u6b54p9zUiUedvNK7TCTr97v8DL8lNP6XOrHJvcyFsRGoih1Ia2A=="
}' AS BLOB));
INSERT INTO "body" VALUES(24,CAST('{
  "Type": "Notification",
  "MessageId": "3b250f56-f70f-462a-a289-a48d02d4240c",
  "TopicArn": "arn:aws:sns:us-east-1:123456789012:ses-feedback",
  "Message": "{\"notificationType\": \"Bounce\"}",
  "Timestamp": "2024-01-12T12:00:00.000Z",
  "SignatureVersion": "2",
  "UnsubscribeURL": "https://sns.us-east-1.amazonaws.com/?Action=Unsubscribe&SubscriptionArn=arn:aws:sns:us-east-1:123456789012:ses-feedback:5d0e1ce1-e517-4986-a28c-710c8d3f17df",
  "SigningCertURL": "https://sns.us-east-1.amazonaws.com/SimpleNotificationService-2460ff45e77312c72a360a330d71ac49.pem",
  "Signature": "hj45yJPA3kAkyaQKb6YGdBL1LhgC2POzKp04GNorHjodYZ1CSNAjkO2AHefe1fJRun9FD5jfUddEJfLuJicKXBPA7Fis2AFy1X/O1Og37v5K0EY5pJXIfjF/MtA1d837iJco9Cu5WHAYFNcPqGqBPq45HABm1NfqdjxT75uH7LquryC7PZ5MbCiyd5asZYenPwiLnIqwzQxZVhzQj8Thxo6MLmEGfVQUYgn3n4I2Yl/+/WP/ru6ZqRKPNVyz7mnuFaUWdUMSsP+P/Ej7fWT0F0iuu699TuwtMmAhNOh17tAK/cZClX2BwcZ64wd0T/ZM0OPcVSpUPuNWz4UpEnZHxA=="
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
  "MessageId": "f14d2ca6-090e-4539-8c37-54dd8a7919e7",
  "TopicArn": "arn:aws:sns:us-east-1:123456789012:ses-feedback",
  "Message": "{\"notificationType\": \"Bounce\", \"mail\": {\"timestamp\": \"2026-11-27T20:04:24.492Z\", \"source\": \"news@shop.example\", \"sourceArn\": \"arn:aws:ses:us-east-1:123456789012:identity/shop.example\", \"sendingAccountId\": \"123456789012\", \"messageId\": \"010001a21e9beb2c-15d536f0-f473-47a3-9410-8ee551845297-000000\", \"destination\": [\"sue@mail.example\"], \"headersTruncated\": false, \"headers\": [{\"name\": \"From\", \"value\": \"Shop <news@shop.example>\"}], \"commonHeaders\": {\"from\": [\"Shop <news@shop.example>\"], \"to\": [\"sue@mail.example\"], \"subject\": \"News\"}, \"sourceIp\": \"192.0.2.7\", \"callerIdentity\": \"mailer\"}, \"bounce\": {\"feedbackId\": \"010001a21e9beb2c-1528ea7b-6f59-47c5-aeba-bfe2b8972d21-000000\", \"bounceType\": \"Permanent\", \"bounceSubType\": \"General\", \"bouncedRecipients\": [{\"emailAddress\": \"sue@mail.example\", \"action\": \"failed\", \"status\": \"5.1.1\", \"diagnosticCode\": \"smtp; 550 5.1.1 user unknown\"}], \"timestamp\": \"2026-11-27T20:04:24.492Z\", \"remoteMtaIp\": \"198.51.100.25\", \"reportingMTA\": \"dsn; a8-70.smtp-out.amazonses.com\"}}",
  "Timestamp": "2024-01-13T12:00:00.000Z",
  "SignatureVersion": "2",
  "UnsubscribeURL": "https://sns.us-east-1.amazonaws.com/?Action=Unsubscribe&SubscriptionArn=arn:aws:sns:us-east-1:123456789012:ses-feedback:8661e0e0-d888-4a59-a7c8-f6a9ba0544b5",
  "SigningCertURL": "https://sns.us-east-1.amazonaws.com/SimpleNotificationService-2460ff45e77312c72a360a330d71ac49.pem",
  "Signature": "kFPCzuL8Be+LiAIFjSbQLZM5KqVkoyI5ZTzBsz9qSDR7Von3/Jj9P+2RnLGGfW+P445/WoowVZbAMjfTNx7a4DfySV4benGyxmiUB8/qQ6EpyTaknT6tOlMHmPe2iF7kFlakZW9W3GNZqxEnPyQk3TCMLegq5vPgAFD0DgGM85mKiCoEAJ/z8FOJjMPujqa6E/WjgqCVbM0E7e3wnRORkVkLAwSwOKTu8mBiVtMuqirN8QTabvyaG7kbDYBkAjxkWOu6qJ9v0egdyO8n6tpTBrlitHmF23q1C36ra0JBQlVNRJd1/9+k4yxdA9vuZqXrcD48/fvM6qyeexy1QHnnXg=="
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
INSERT INTO "counted" VALUES(28414800,0,243600371806772,181285581704832,0,NULL);
INSERT INTO "counted" VALUES(28414800,0,247747950309831,33039593878134,0,NULL);
INSERT INTO "counted" VALUES(28414800,0,275883518452709,122992265074656,0,NULL);
INSERT INTO "counted" VALUES(28414860,1,243600371806772,96130377367294,0,NULL);
INSERT INTO "counted" VALUES(28414860,1,275883518452709,13032574296697,0,NULL);
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
INSERT INTO "decision" VALUES(1,'joe@mail.example','*','add','MANUAL',NULL,'2026-11-27 20:04:24.046','root','asked by telephone');
INSERT INTO "decision" VALUES(2,'pia@mail.example','*','add','MANUAL','2099-02-01 00:00:00.000','2026-11-27 20:04:24.076','root',NULL);
INSERT INTO "decision" VALUES(3,'ida@mail.example','*','add','MANUAL',NULL,'2026-11-27 20:04:24.105','root','twice');
INSERT INTO "decision" VALUES(4,'hal@mail.example','*','remove',NULL,NULL,'2026-11-27 20:04:24.130','root','it was our fault');
INSERT INTO "decision" VALUES(5,'rob@mail.example','*','add','MANUAL',NULL,'2026-11-27 20:04:24.151','root',NULL);
INSERT INTO "decision" VALUES(6,'rob@mail.example','*','remove',NULL,NULL,'2026-11-27 20:04:24.172','root',NULL);
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
INSERT INTO "event" VALUES(1,7,1704114000000,5205685266780460351,'Bounce','hard','unknown-user','permanent-general','ann@mail.example','ann@mail.example','mail.example','*','2024-01-01 13:00:00.000','2026-11-27 20:04:23.848','2026-11-27 20:04:23.848','Permanent','General',NULL,NULL,NULL,'5.1.1','failed','smtp; 550 5.1.1 user unknown','dsn; a8-70.smtp-out.amazonses.com','198.51.100.25',NULL,'0100018cc51c1080-b0a5d2c9-689a-4d07-becc-6181849b8bea-000000','0100018cc4e52200-036cb968-668e-4f43-bc5f-bac4b426d2c2-000000','news@shop.example','shop.example','shop.example','123456789012','us-east-1','newsletter',NULL,'spring','{"ses:configuration-set":["newsletter"],"ses:from-domain":["shop.example"],"ses:source-ip":["192.0.2.7"],"campaign":["spring"]}',1,'192.0.2.7',0);
INSERT INTO "event" VALUES(3,9,1795809863848,5278713876451273760,'Bounce','soft','mailbox-full','transient-mailbox-full','ben@mail.example','ben@mail.example','mail.example','*','2024-01-03 12:00:00.000','2026-11-27 20:04:23.848','2026-11-27 20:04:23.848','Transient','MailboxFull',NULL,NULL,NULL,'5.1.1','failed','smtp; 550 5.1.1 user unknown','dsn; a8-70.smtp-out.amazonses.com','198.51.100.25',NULL,'010001a21e9be8a8-5d4574a1-fdb9-4f71-a397-f19e0e861d5d-000000','010001a21e9be8a8-6941b949-2a60-410e-8783-e1d73129994f-000000','news@shop.example','shop.example','shop.example','123456789012','us-east-1',NULL,NULL,NULL,NULL,1,'192.0.2.7',0);
INSERT INTO "event" VALUES(4,10,1795809863848,8043409824379154028,'Bounce','soft','unknown-user','transient-gone','cyd@mail.example','cyd@mail.example','mail.example','*','2024-01-03 12:00:00.000','2026-11-27 20:04:23.848','2026-11-27 20:04:23.848','Transient','General',NULL,NULL,NULL,'5.1.1','failed','smtp; 550 5.1.1 user unknown','dsn; a8-70.smtp-out.amazonses.com','198.51.100.25',NULL,'010001a21e9be8a8-f56412cf-046d-4b97-b6a2-a1476a0e9975-000000','010001a21e9be8a8-7e37c75b-53cb-4393-8174-2229d8830955-000000','news@shop.example','shop.example','shop.example','123456789012','us-east-1',NULL,NULL,NULL,NULL,1,'192.0.2.7',0);
INSERT INTO "event" VALUES(5,11,1795809863848,4722265526928343283,'Bounce','soft','unknown-user','transient-gone','cyd@mail.example','cyd@mail.example','mail.example','*','2024-01-05 12:00:00.000','2026-11-27 20:04:23.848','2026-11-27 20:04:23.848','Transient','General',NULL,NULL,NULL,'5.1.1','failed','smtp; 550 5.1.1 user unknown','dsn; a8-70.smtp-out.amazonses.com','198.51.100.25',NULL,'010001a21e9be8a8-e42a5a8f-605e-4c60-9310-37a2a569955c-000000','010001a21e9be8a8-c46ef727-7513-4994-910a-1b60a0b05487-000000','news@shop.example','shop.example','shop.example','123456789012','us-east-1',NULL,NULL,NULL,NULL,1,'192.0.2.7',0);
INSERT INTO "event" VALUES(6,12,1795809863848,7829171828492082220,'Bounce','soft','unknown-user','transient-gone','dan@mail.example','dan@mail.example','mail.example','*','2099-01-03 12:00:00.000','2026-11-27 20:04:23.848','2026-11-27 20:04:23.848','Transient','General',NULL,NULL,NULL,'5.1.1','failed','smtp; 550 5.1.1 user unknown','dsn; a8-70.smtp-out.amazonses.com','198.51.100.25',NULL,'010001a21e9be8a8-004db8f9-a21f-4e31-a5f6-08238667fb18-000000','010001a21e9be8a8-0bd5304d-704d-4e60-910d-5d96a40dcfdb-000000','news@shop.example','shop.example','shop.example','123456789012','us-east-1',NULL,NULL,NULL,NULL,1,'192.0.2.7',0);
INSERT INTO "event" VALUES(7,13,1795809863848,-2113623480176177338,'Bounce','hard','other','permanent-suppressed','eve@mail.example','eve@mail.example','mail.example','*','2024-01-06 12:00:00.000','2026-11-27 20:04:23.848','2026-11-27 20:04:23.848','Permanent','Suppressed',NULL,NULL,NULL,'5.1.1','failed','smtp; 550 5.1.1 user unknown','dsn; a8-70.smtp-out.amazonses.com','198.51.100.25',NULL,'010001a21e9be8a8-181e6e5a-b544-4428-868a-7991bba1a1f1-000000','010001a21e9be8a8-1e915de0-443d-4834-804b-c2288ad43f2b-000000','news@shop.example','shop.example','shop.example','123456789012','us-east-1',NULL,NULL,NULL,NULL,1,'192.0.2.7',0);
INSERT INTO "event" VALUES(8,14,1795809863848,1986780460963791602,'Complaint','complaint',NULL,'complaint','fay@mail.example','fay@mail.example','mail.example','*','2024-01-07 12:00:00.000','2026-11-27 20:04:23.848','2026-11-27 20:04:23.848',NULL,NULL,NULL,'abuse',1,NULL,NULL,NULL,NULL,NULL,'ExampleCorp Feedback Loop (V0.01)','010001a21e9be8a8-18ddfab1-d282-45bd-b00c-0f18be090492-000000','010001a21e9be8a8-ae34f078-0649-4c11-a5d5-b63d2dd88261-000000','news@shop.example','shop.example','shop.example','123456789012','us-east-1',NULL,NULL,NULL,NULL,1,'192.0.2.7',0);
INSERT INTO "event" VALUES(9,15,1795809863848,-6436614860175518156,'Complaint','complaint',NULL,'complaint-of-few','kim@mail.example','kim@mail.example','mail.example','*','2024-01-07 13:00:00.000','2026-11-27 20:04:23.848','2026-11-27 20:04:23.848',NULL,NULL,NULL,'abuse',3,NULL,NULL,NULL,NULL,NULL,'ExampleCorp Feedback Loop (V0.01)','010001a21e9be8a8-c6b979d2-bf57-49e3-a3ab-96f61890f0a1-000000','010001a21e9be8a8-5d71508b-662f-4290-a7f0-ffa271b6a9a3-000000','news@shop.example','shop.example','shop.example','123456789012','us-east-1',NULL,NULL,NULL,NULL,3,'192.0.2.7',0);
INSERT INTO "event" VALUES(10,15,1795809863848,-8434576686737653272,'Complaint','complaint',NULL,'complaint-of-few','lea@mail.example','lea@mail.example','mail.example','*','2024-01-07 13:00:00.000','2026-11-27 20:04:23.848','2026-11-27 20:04:23.848',NULL,NULL,NULL,'abuse',3,NULL,NULL,NULL,NULL,NULL,'ExampleCorp Feedback Loop (V0.01)','010001a21e9be8a8-c6b979d2-bf57-49e3-a3ab-96f61890f0a1-000000','010001a21e9be8a8-5d71508b-662f-4290-a7f0-ffa271b6a9a3-000000','news@shop.example','shop.example','shop.example','123456789012','us-east-1',NULL,NULL,NULL,NULL,3,'192.0.2.7',0);
INSERT INTO "event" VALUES(11,15,1795809863848,7591334160054057228,'Complaint','complaint',NULL,'complaint-of-few','max@mail.example','max@mail.example','mail.example','*','2024-01-07 13:00:00.000','2026-11-27 20:04:23.848','2026-11-27 20:04:23.848',NULL,NULL,NULL,'abuse',3,NULL,NULL,NULL,NULL,NULL,'ExampleCorp Feedback Loop (V0.01)','010001a21e9be8a8-c6b979d2-bf57-49e3-a3ab-96f61890f0a1-000000','010001a21e9be8a8-5d71508b-662f-4290-a7f0-ffa271b6a9a3-000000','news@shop.example','shop.example','shop.example','123456789012','us-east-1',NULL,NULL,NULL,NULL,3,'192.0.2.7',0);
INSERT INTO "event" VALUES(12,16,1795809863848,774637931210947600,'Complaint','complaint',NULL,'complaint-not-spam','ann@mail.example','ann@mail.example','mail.example','*','2024-01-07 14:00:00.000','2026-11-27 20:04:23.848','2026-11-27 20:04:23.848',NULL,NULL,NULL,'not-spam',1,NULL,NULL,NULL,NULL,NULL,'ExampleCorp Feedback Loop (V0.01)','010001a21e9be8a8-e8809211-d9c0-4557-98c9-2f883c93fa2d-000000','010001a21e9be8a8-c8d44da4-a04a-4fa3-8377-dc1197c03a4f-000000','news@shop.example','shop.example','shop.example','123456789012','us-east-1',NULL,NULL,NULL,NULL,1,'192.0.2.7',0);
INSERT INTO "event" VALUES(13,17,1795809863848,185089676729204269,'Bounce','policy','blocked','permanent-blocked','gus@mail.example','gus@mail.example','mail.example','*','2024-01-08 12:00:00.000','2026-11-27 20:04:23.848','2026-11-27 20:04:23.848','Permanent','General',NULL,NULL,NULL,'5.7.1','failed','smtp; 554 5.7.1 listed on a DNS blocklist','dsn; a8-70.smtp-out.amazonses.com','198.51.100.25',NULL,'010001a21e9be8a8-94f840d7-d73a-4f34-9d5d-590fd6b7607f-000000','010001a21e9be8a8-21c56a42-d6e0-43bc-842b-16160fb246e4-000000','news@shop.example','shop.example','shop.example','123456789012','us-east-1',NULL,NULL,NULL,NULL,1,'192.0.2.7',0);
INSERT INTO "event" VALUES(14,18,1795809863848,7003583901503421144,'Bounce','hard','unknown-user','permanent-general','bounce@simulator.amazonses.com','bounce@simulator.amazonses.com','simulator.amazonses.com','*','2024-01-08 13:00:00.000','2026-11-27 20:04:23.848','2026-11-27 20:04:23.848','Permanent','General',NULL,NULL,NULL,'5.1.1','failed','smtp; 550 5.1.1 user unknown','dsn; a8-70.smtp-out.amazonses.com','198.51.100.25',NULL,'010001a21e9be8a8-6d507541-785c-4ff1-b9a5-1fb30aaf7860-000000','010001a21e9be8a8-acee6b29-0021-4868-82ca-a5737968d2fc-000000','news@shop.example','shop.example','shop.example','123456789012','us-east-1',NULL,NULL,NULL,NULL,1,'192.0.2.7',1);
INSERT INTO "event" VALUES(15,19,1795809863848,-1333812293701542958,'Bounce','hard','unknown-user','permanent-general','hal@mail.example','hal@mail.example','mail.example','*','2024-01-09 12:00:00.000','2026-11-27 20:04:23.848','2026-11-27 20:04:23.848','Permanent','General',NULL,NULL,NULL,'5.1.1','failed','smtp; 550 5.1.1 user unknown','dsn; a8-70.smtp-out.amazonses.com','198.51.100.25',NULL,'010001a21e9be8a8-318b8b94-4d82-4b44-aede-20aa5d3d3ab6-000000','010001a21e9be8a8-b05dd84e-3dea-43ab-93e8-e58f9b5125b0-000000','news@shop.example','shop.example','shop.example','123456789012','us-east-1',NULL,NULL,NULL,NULL,1,'192.0.2.7',0);
INSERT INTO "event" VALUES(16,20,1795809863848,4562947776879125139,'Bounce','hard','unknown-user','permanent-general','ida@mail.example','ida@mail.example','mail.example','*','2024-01-09 13:00:00.000','2026-11-27 20:04:23.848','2026-11-27 20:04:23.848','Permanent','General',NULL,NULL,NULL,'5.1.1','failed','smtp; 550 5.1.1 user unknown','dsn; a8-70.smtp-out.amazonses.com','198.51.100.25',NULL,'010001a21e9be8a8-96a7aa0e-7153-4c52-95b0-b86eb3fe8f0e-000000','010001a21e9be8a8-d19c3414-d4dc-4827-88b2-46d192c7be86-000000','news@shop.example','shop.example','shop.example','123456789012','us-east-1',NULL,NULL,NULL,NULL,1,'192.0.2.7',0);
INSERT INTO "event" VALUES(17,21,1795809863848,-1420094153416186225,'Reject',NULL,NULL,'none','oda@mail.example','oda@mail.example','mail.example','*','2024-01-11 12:00:00.000','2026-11-27 20:04:23.848','2026-11-27 20:04:23.848',NULL,NULL,NULL,NULL,NULL,NULL,NULL,'Bad content',NULL,NULL,NULL,NULL,'010001a21e9be8a8-21352cdf-aa70-4f32-ac55-d6533c0e7721-000000','news@shop.example','shop.example','shop.example','123456789012','us-east-1','newsletter',NULL,NULL,'{"ses:configuration-set":["newsletter"],"ses:from-domain":["shop.example"],"ses:source-ip":["192.0.2.7"]}',1,'192.0.2.7',0);
INSERT INTO "event" VALUES(18,25,1709636364970,-3182181018416484689,'Complaint','hard','list-hit','complaint-on-account-list','ann@mail.example','ann@mail.example','mail.example','*','2024-03-05 11:00:00.000','2024-03-05 10:15:30.123','2024-03-05 11:00:00.000',NULL,NULL,'OnAccountSuppressionList','abuse',1,NULL,NULL,NULL,NULL,NULL,'Feedback/1.0','0100018e0e44aaaa-ccccdddd-1111-4222-8333-444455556666-000000','0100018e0e1b2a3b-5f0c7d1e-2222-4333-8444-555566667777-000000','news@shop.example','shop.example','shop.example','111122223333','eu-central-1',NULL,NULL,NULL,NULL,1,NULL,0);
INSERT INTO "event" VALUES(19,26,1709633645115,7688961130423899878,'DeliveryDelay',NULL,NULL,'none','ann@mail.example','ann@mail.example','mail.example','*','2024-03-05 10:25:36.100','2024-03-05 10:15:30.123','2024-03-05 10:25:36.100',NULL,NULL,NULL,NULL,NULL,'4.4.1',NULL,'smtp; 421 4.4.1 Unable to connect to remote host',NULL,NULL,NULL,NULL,'0100018e0e1b2a3b-5f0c7d1e-2222-4333-8444-555566667777-000000','news@shop.example','shop.example','shop.example','111122223333','eu-central-1',NULL,NULL,NULL,NULL,1,NULL,0);
INSERT INTO "event" VALUES(20,27,1709633650687,-9180231815235979955,'Bounce','hard','unknown-user','permanent-general','ann@mail.example','ann@mail.example','mail.example','*','2024-03-05 10:15:31.500','2024-03-05 10:15:30.123','2024-03-05 10:15:31.500','Permanent','General',NULL,NULL,NULL,'5.1.1','failed','smtp; 550 5.1.1 user unknown','dns; a1-2.smtp-out.eu-central-1.amazonses.com','192.0.2.25',NULL,'0100018e0e1b3fff-aaaabbbb-1111-4222-8333-444455556666-000000','0100018e0e1b2a3b-5f0c7d1e-2222-4333-8444-555566667777-000000','news@shop.example','news.shop.example','shop.example','111122223333','eu-central-1','marketing','acme','spring','{"ses:configuration-set":["marketing"],"ses:from-domain":["Shop.Example"],"ses:source-ip":["192.0.2.8"],"ses:tenant-name":["acme"],"campaign":["spring","summer"]}',1,'192.0.2.7',0);
INSERT INTO "event" VALUES(21,28,1709633645115,479639579392735141,'Rendering Failure',NULL,NULL,'none','ann@mail.example','ann@mail.example','mail.example','*','2024-03-05 10:15:30.123','2024-03-05 10:15:30.123','2024-03-05 10:15:30.123',NULL,NULL,NULL,NULL,NULL,NULL,NULL,'Attribute ''name'' is not present in the rendering data.',NULL,NULL,NULL,NULL,'0100018e0e1b2a3b-5f0c7d1e-2222-4333-8444-555566667777-000000','news@shop.example','shop.example','shop.example','111122223333','eu-central-1',NULL,NULL,NULL,NULL,1,NULL,0);
INSERT INTO "event" VALUES(22,29,1709633645115,-3912531903700213853,'Subscription','policy',NULL,'opt-out','ann@mail.example','ann@mail.example','mail.example','*','2024-03-06 01:00:17.910','2024-03-05 10:15:30.123','2024-03-06 01:00:17.910',NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,'0100018e0e1b2a3b-5f0c7d1e-2222-4333-8444-555566667777-000000','news@shop.example','shop.example','shop.example','111122223333','eu-central-1',NULL,NULL,NULL,NULL,1,NULL,0);
INSERT INTO "event" VALUES(23,30,1709633645115,-4226104860972430623,'Carrier Pigeon',NULL,NULL,NULL,NULL,NULL,NULL,'*','2024-03-05 10:15:30.123','2024-03-05 10:15:30.123','2024-03-05 10:15:30.123',NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,'0100018e0e1b2a3b-5f0c7d1e-2222-4333-8444-555566667777-000000','news@shop.example','shop.example','shop.example','111122223333','eu-central-1',NULL,NULL,NULL,NULL,1,NULL,0);
INSERT INTO "event" VALUES(26,32,1709633650687,-3880233246228990324,'Bounce','soft','other','permanent-delayed','bob@mail.example','bob@mail.example','mail.example','*','2024-03-05 10:15:31.500','2024-03-05 10:15:30.123','2024-03-05 10:15:31.500','Permanent','General',NULL,NULL,NULL,'4.4.1','delayed',NULL,'dns; a1-2.smtp-out.eu-central-1.amazonses.com','192.0.2.25',NULL,'0100018e0e1b3fff-aaaabbbb-1111-4222-8333-444455556666-000000','0100018e0e1b2a3b-5f0c7d1e-2222-4333-8444-555566667777-000000','news@shop.example','shop.example','shop.example','111122223333','eu-central-1',NULL,NULL,NULL,NULL,2,NULL,0);
INSERT INTO "event" VALUES(27,33,NULL,NULL,'Bounce','hard','unknown-user','permanent-general','ann@mail.example','ann@mail.example','mail.example','*','2026-11-27 20:04:24.386',NULL,NULL,'Permanent','General',NULL,NULL,NULL,NULL,NULL,'smtp; 550 user�unknown',NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,0);
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
INSERT INTO "sns_message" VALUES(1,4070952000000,'3eef211b-20cc-40c1-a167-abfefdda15c5',1,'2026-11-27 20:04:19.707');
INSERT INTO "sns_message" VALUES(2,4070952000000,'f8888b55-b9a3-4131-8ec1-fc880ce0646a',2,'2026-11-27 20:04:20.727');
INSERT INTO "sns_message" VALUES(3,4071038400000,'842bb95d-4ce6-423e-99aa-89d5cdbe0147',2,'2026-11-27 20:04:21.759');
INSERT INTO "sns_message" VALUES(4,4070952000000,'66426eb9-7ca2-47d6-aeb3-6f9892887de5',3,'2026-11-27 20:04:21.764');
INSERT INTO "sns_message" VALUES(5,4070952000000,'645ac765-f6bb-47f9-94f3-77976d0a715a',4,'2026-11-27 20:04:22.779');
INSERT INTO "sns_message" VALUES(6,4070952000000,'c3cefd42-0a2e-4b8e-a880-99e6a70ac3ab',5,'2026-11-27 20:04:23.834');
INSERT INTO "sns_message" VALUES(7,1704114000000,'c8c2d968-b28d-4e91-914e-2b8666ad0803',1,'2026-11-27 20:04:23.852');
INSERT INTO "sns_message" VALUES(8,1704114000000,'22647ae2-2fe6-479a-965b-a5c46cd92ce7',1,'2026-11-27 20:04:23.859');
INSERT INTO "sns_message" VALUES(9,1704283200000,'c79d7b75-981a-40e3-89ec-35f06798a33e',1,'2026-11-27 20:04:23.867');
INSERT INTO "sns_message" VALUES(10,1704283200000,'1e73c804-3ab0-437d-9fae-6b69c6bfb532',1,'2026-11-27 20:04:23.876');
INSERT INTO "sns_message" VALUES(11,1704456000000,'8c6c200b-a326-42de-8ab4-17764aa430e2',1,'2026-11-27 20:04:23.884');
INSERT INTO "sns_message" VALUES(12,4071124800000,'6bd789d2-80c3-4c9c-9b94-1edd974985aa',1,'2026-11-27 20:04:23.888');
INSERT INTO "sns_message" VALUES(13,1704542400000,'8b23f57a-4c9e-4c70-b032-cc4038faa22f',1,'2026-11-27 20:04:23.892');
INSERT INTO "sns_message" VALUES(14,1704628800000,'28e709d7-fba8-44d7-8edd-14639af3f314',1,'2026-11-27 20:04:23.899');
INSERT INTO "sns_message" VALUES(15,1704632400000,'5f91c2f9-0248-4bfc-a5de-62b25d444701',1,'2026-11-27 20:04:23.905');
INSERT INTO "sns_message" VALUES(16,1704636000000,'80d7acf8-c3be-4e82-ba5d-a42d2f387608',1,'2026-11-27 20:04:23.912');
INSERT INTO "sns_message" VALUES(17,1704715200000,'09424877-8c90-4ed8-b111-617e7279195a',1,'2026-11-27 20:04:23.918');
INSERT INTO "sns_message" VALUES(18,1704718800000,'f046938a-b896-4ad4-a596-7787032db9b9',1,'2026-11-27 20:04:23.923');
INSERT INTO "sns_message" VALUES(19,1704801600000,'837911b9-1061-43fb-8bc0-ff2522720ff8',1,'2026-11-27 20:04:23.927');
INSERT INTO "sns_message" VALUES(20,1704805200000,'7a82b3c4-3326-40f9-864b-f3b9c31bedcd',1,'2026-11-27 20:04:23.939');
INSERT INTO "sns_message" VALUES(21,1704974400000,'d1075a93-92a0-4796-8341-0b5b363d5d13',1,'2026-11-27 20:04:23.997');
INSERT INTO "sns_message" VALUES(22,1705060800000,'bd2dc456-10cc-4ee7-a00a-b47bd12b8c26',1,'2026-11-27 20:04:24.010');
INSERT INTO "sns_message" VALUES(23,1705060800000,'429b7e59-651f-4133-81f8-301b64db64f8',1,'2026-11-27 20:04:24.016');
INSERT INTO "sns_message" VALUES(24,1705060800000,'3b250f56-f70f-462a-a289-a48d02d4240c',1,'2026-11-27 20:04:24.026');
INSERT INTO "sns_message" VALUES(25,1709633730123,'file:0aa1d431281c25d4075b394afc64b994',NULL,'2026-11-27 20:04:24.188');
INSERT INTO "sns_message" VALUES(26,1709633730123,'file:43899b6f93f45a905b5e3e4e062337f2',NULL,'2026-11-27 20:04:24.211');
INSERT INTO "sns_message" VALUES(27,1709633730123,'file:c7550d336aef445d93143fec4fc49749',NULL,'2026-11-27 20:04:24.233');
INSERT INTO "sns_message" VALUES(28,1709633730123,'file:ea0a729e8bbfbcc41c63820647c8161f',NULL,'2026-11-27 20:04:24.271');
INSERT INTO "sns_message" VALUES(29,1709633730123,'file:c81be8579832d4fd5b966865cf8cff1a',NULL,'2026-11-27 20:04:24.295');
INSERT INTO "sns_message" VALUES(30,1709633730123,'file:5356122efa284232eae1776e73617f7f',NULL,'2026-11-27 20:04:24.311');
INSERT INTO "sns_message" VALUES(31,1709633730123,'file:3f14d4ccb897686fc4b1cdb818305518',NULL,'2026-11-27 20:04:24.329');
INSERT INTO "sns_message" VALUES(32,1709633730123,'file:ad5ec5b0e549fbc63aa8c400aba86b4f',NULL,'2026-11-27 20:04:24.363');
INSERT INTO "sns_message" VALUES(33,0,'file:167745e1efd1496b9a92c50f31563160',NULL,'2026-11-27 20:04:24.386');
INSERT INTO "sns_message" VALUES(34,1709633730000,'file:0539814e1ed0c28f1e81c466aa83d947',NULL,'2026-11-27 20:04:24.417');
INSERT INTO "sns_message" VALUES(35,1705147200000,'f14d2ca6-090e-4539-8c37-54dd8a7919e7',1,'2026-11-27 20:04:24.494');
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
INSERT INTO "suppression" VALUES('ann@mail.example','*','BOUNCE','Permanent/General','permanent-general','2024-01-01 13:00:00.000',NULL,'2024-01-01 13:00:00.000','2026-11-27 20:04:24.386',3,0,'event',NULL,NULL,NULL,NULL,NULL);
INSERT INTO "suppression" VALUES('ann@mail.example','*','COMPLAINT','Complaint/OnAccountSuppressionList','complaint-on-account-list','2024-03-05 11:00:00.000',NULL,'2024-03-05 11:00:00.000','2024-03-05 11:00:00.000',1,0,'import',NULL,NULL,NULL,NULL,NULL);
INSERT INTO "suppression" VALUES('bounce@simulator.amazonses.com','*','BOUNCE','Permanent/General (simulator)','permanent-general','2024-01-08 13:00:00.000','2024-01-09 13:00:00.000','2024-01-08 13:00:00.000','2024-01-08 13:00:00.000',1,0,'event',NULL,NULL,NULL,NULL,NULL);
INSERT INTO "suppression" VALUES('cyd@mail.example','*','BOUNCE','Transient/General','transient-gone','2024-01-05 12:00:00.000',NULL,'2024-01-03 12:00:00.000','2024-01-05 12:00:00.000',2,0,'event',NULL,NULL,NULL,NULL,NULL);
INSERT INTO "suppression" VALUES('eve@mail.example','*','BOUNCE','Permanent/Suppressed','permanent-suppressed','2024-01-06 12:00:00.000','2024-02-05 12:00:00.000','2024-01-06 12:00:00.000','2024-01-06 12:00:00.000',1,0,'event',NULL,NULL,NULL,NULL,NULL);
INSERT INTO "suppression" VALUES('fay@mail.example','*','COMPLAINT','abuse','complaint','2024-01-07 12:00:00.000',NULL,'2024-01-07 12:00:00.000','2024-01-07 12:00:00.000',1,0,'event',NULL,NULL,NULL,NULL,NULL);
INSERT INTO "suppression" VALUES('hal@mail.example','*','BOUNCE','Permanent/General','permanent-general','2024-01-09 12:00:00.000',NULL,'2024-01-09 12:00:00.000','2024-01-09 12:00:00.000',1,0,'event',NULL,NULL,'2026-11-27 20:04:24.130','root','it was our fault');
INSERT INTO "suppression" VALUES('ida@mail.example','*','BOUNCE','Permanent/General','permanent-general','2024-01-09 13:00:00.000',NULL,'2024-01-09 13:00:00.000','2024-01-09 13:00:00.000',1,0,'event',NULL,NULL,NULL,NULL,NULL);
INSERT INTO "suppression" VALUES('ida@mail.example','*','MANUAL',NULL,NULL,'2026-11-27 20:04:24.105',NULL,NULL,NULL,0,0,'person','root','twice',NULL,NULL,NULL);
INSERT INTO "suppression" VALUES('joe@mail.example','*','MANUAL',NULL,NULL,'2026-11-27 20:04:24.046',NULL,NULL,NULL,0,0,'person','root','asked by telephone',NULL,NULL,NULL);
INSERT INTO "suppression" VALUES('kim@mail.example','*','COMPLAINT','abuse (1 of 3)','complaint-of-few','2024-01-07 13:00:00.000','2024-07-05 13:00:00.000','2024-01-07 13:00:00.000','2024-01-07 13:00:00.000',1,0,'event',NULL,NULL,NULL,NULL,NULL);
INSERT INTO "suppression" VALUES('lea@mail.example','*','COMPLAINT','abuse (1 of 3)','complaint-of-few','2024-01-07 13:00:00.000','2024-07-05 13:00:00.000','2024-01-07 13:00:00.000','2024-01-07 13:00:00.000',1,0,'event',NULL,NULL,NULL,NULL,NULL);
INSERT INTO "suppression" VALUES('max@mail.example','*','COMPLAINT','abuse (1 of 3)','complaint-of-few','2024-01-07 13:00:00.000','2024-07-05 13:00:00.000','2024-01-07 13:00:00.000','2024-01-07 13:00:00.000',1,0,'event',NULL,NULL,NULL,NULL,NULL);
INSERT INTO "suppression" VALUES('pia@mail.example','*','MANUAL',NULL,NULL,'2026-11-27 20:04:24.076','2099-02-01 00:00:00.000',NULL,NULL,0,0,'person','root',NULL,NULL,NULL,NULL);
INSERT INTO "suppression" VALUES('rob@mail.example','*','MANUAL',NULL,NULL,'2026-11-27 20:04:24.151',NULL,NULL,NULL,0,0,'person','root',NULL,'2026-11-27 20:04:24.172','root',NULL);
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
INSERT INTO "topic" VALUES(1,'arn:aws:sns:us-east-1:123456789012:ses-feedback','123456789012','us-east-1','confirmed','2026-11-27 20:04:20.718','arn:aws:sns:us-east-1:123456789012:ses-feedback:55cc405f-2781-4c0b-9c13-fde14806aa81',NULL,4070952000000,'2026-11-27 20:04:24.494',26,NULL,NULL);
INSERT INTO "topic" VALUES(2,'arn:aws:sns:us-east-1:123456789012:ses-feedback-left','123456789012','us-east-1','unsubscribed','2026-11-27 20:04:21.759',NULL,NULL,4071038400000,'2026-11-27 20:04:21.759',2,NULL,NULL);
INSERT INTO "topic" VALUES(3,'arn:aws:sns:us-east-1:123456789012:ses-feedback-failed','123456789012','us-east-1','failed','2026-11-27 20:04:22.771',NULL,'failed',4070952000000,'2026-11-27 20:04:21.764',1,NULL,'the answer was HTTP 400');
INSERT INTO "topic" VALUES(4,'arn:aws:sns:us-east-1:123456789012:ses-feedback-tried','123456789012','us-east-1','confirming','2026-11-27 20:04:22.779',NULL,'tried',4070952000000,'2026-11-27 20:04:22.779',1,NULL,'the answer was HTTP 500');
INSERT INTO "topic" VALUES(5,'arn:aws:sns:us-east-1:123456789012:ses-feedback-pending','123456789012','us-east-1','pending','2026-11-27 20:04:23.834',NULL,'pending',4070952000000,'2026-11-27 20:04:23.834',1,NULL,NULL);
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
